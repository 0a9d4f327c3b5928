"""What a part of a run hands over so that a resumed run goes on exactly where it stopped."""

from typing import Any, TypeAlias

# Nested dicts and lists of tensors, numbers, strings and None. Each part knows the types of its own state, and reads
# only what an earlier version of itself wrote.
State: TypeAlias = dict[str, Any]
