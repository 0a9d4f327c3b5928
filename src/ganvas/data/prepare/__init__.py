"""Turn a source of pictures into a dataset directory."""
