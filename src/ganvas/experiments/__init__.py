"""Experiments of several runs, and the catalogue of recipes."""
