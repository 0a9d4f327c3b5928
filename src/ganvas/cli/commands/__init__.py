"""Turns a folder of pictures into a trained, measured and explorable art generator."""

# As `ganvas --help` lists them.
ORDER = (
    "prepare",
    "survey",
    "recipes",
    "train",
    "resume",
    "baseline",
    "sample",
    "explore",
    "export",
    "evaluate",
    "report",
    "compare",
    "sweep",
    "reproduce",
    "demo",
    "doctor",
    "classify",
)
