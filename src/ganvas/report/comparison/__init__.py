"""The page of several generators side by side."""
