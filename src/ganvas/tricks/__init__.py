"""The papers' tricks as options of any recipe, one file each, and the objective that combines them with a recipe."""
