"""Train classifiers on the classes of a dataset, and judge pictures with them."""

# As `ganvas classify --help` lists them.
ORDER = ("train", "predict", "judge", "evaluate")
