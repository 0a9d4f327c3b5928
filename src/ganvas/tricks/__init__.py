"""The papers' tricks as options that any recipe can take: one file each, and the objective that they join."""
