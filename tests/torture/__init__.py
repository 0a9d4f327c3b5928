"""Accidents, caused at random, seeded moments: `make torture`. Each class of fault has a file; docs/reliability.md."""
