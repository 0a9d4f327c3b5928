"""Pictures on their way into a dataset directory, and the dataset directory itself."""
