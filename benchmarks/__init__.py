"""Measurements of speed, printed as the tables of docs/performance.md."""
