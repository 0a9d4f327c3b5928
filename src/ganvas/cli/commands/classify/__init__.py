"""Train classifiers of a dataset's classes and use them."""

# As `ganvas classify --help` lists them.
ORDER = ("train", "predict", "judge", "evaluate")
