"""From a dataset and a recipe to a run directory: the one training loop and what it leans on."""
