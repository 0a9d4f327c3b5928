"""The verdict on a run: its kinds with their rules, the figures they read, and what is done about trouble. No torch."""
