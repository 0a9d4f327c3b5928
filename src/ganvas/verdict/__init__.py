"""The verdict on a run: its rules, the logs they read, and what is done about trouble. Imports no torch."""
