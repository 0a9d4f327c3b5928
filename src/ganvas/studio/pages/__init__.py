"""The pages of the studio, one file each. Each has `ROUTES`."""
