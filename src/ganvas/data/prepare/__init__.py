"""A source of pictures becomes a dataset directory."""
