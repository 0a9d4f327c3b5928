"""What is in a dataset: classes, their colours and means, shapes, dates, near-duplicates, and the files left out."""
