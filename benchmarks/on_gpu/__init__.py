"""What `benchmarks/gpu.py` measures on a machine that is lent for a quarter of an hour."""
