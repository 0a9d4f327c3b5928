"""What the tests share: pictures and datasets to work on, and tools to look at what came of them."""
