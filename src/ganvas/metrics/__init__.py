"""Metrics of generated pictures: feature networks, and scores computed from their features."""
