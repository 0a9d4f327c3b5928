"""Several processes that train one run: which part of a batch each has, what they exchange, and how they end."""
