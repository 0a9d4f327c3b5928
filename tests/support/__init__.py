"""What the tests share: pictures and datasets to work on, and tools to look at what came of them."""

import pytest

# These two assert, and should show the values as the tests do.
pytest.register_assert_rewrite("support.browser", "support.narrowing")
