"""The dataset directory and its views."""
