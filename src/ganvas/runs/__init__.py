"""The files of a run: its directory, checkpoints, snapshots and logs."""
