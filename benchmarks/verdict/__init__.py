"""The benchmark of verdicts: runs whose outcome is known, most of them with a planted fault, and their verdicts."""
