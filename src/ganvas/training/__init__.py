"""The training loop and its parts: from a dataset and a recipe to a run directory."""
