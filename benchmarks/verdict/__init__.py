"""The verdict put to the test: runs whose ending is known, most of them made on purpose, and what was said of them."""
