"""Explore what a trained generator has learned."""

# As `ganvas explore --help` lists them.
ORDER = (
    "grid",
    "labels",
    "top",
    "bottom",
    "neighbours",
    "interpolate",
    "walk",
    "directions",
    "project",
    "smoothness",
    "truncation",
    "favourites",
)
