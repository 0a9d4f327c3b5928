"""What every other folder leans on: errors, files, caches, pixels."""
