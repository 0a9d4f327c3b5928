"""Learn to tell the classes of a dataset apart, and judge pictures with what was learnt."""

# As `ganvas classify --help` lists them.
ORDER = ("train", "predict", "judge", "evaluate")
