"""How good generated pictures are: feature networks, and the scores computed over their features."""
