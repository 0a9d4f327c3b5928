"""What is in a dataset: its classes and their colours, means, shapes, dates, doubles, and what was left out of it."""
