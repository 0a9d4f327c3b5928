"""Giving a trained generator away, to programs and people without ganvas: `ganvas export`."""
