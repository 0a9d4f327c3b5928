"""Several runs as one piece of work, and the catalogue of recipes."""
