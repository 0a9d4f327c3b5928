"""Networks, layers and losses, one family per file: plain torch, independent of recipes, runs and data."""
