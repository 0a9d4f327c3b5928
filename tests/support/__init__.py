"""Helpers that several test files share: pictures, datasets and tiny runs, and tools to inspect results."""

import pytest

# Assertions in these two show their values, as those in the tests do.
pytest.register_assert_rewrite("support.browser", "support.narrowing")
