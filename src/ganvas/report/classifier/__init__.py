"""The page of a classifier."""
