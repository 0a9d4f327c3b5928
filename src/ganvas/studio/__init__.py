"""A page on the user's own machine that shows a folder of datasets and runs, and starts the commands that make more."""
