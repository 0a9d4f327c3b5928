"""The page of a paper: every figure and table of it, made anew."""
