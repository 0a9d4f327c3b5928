"""Network bodies, one family a file; plain torch that knows nothing of recipes, runs or data."""
