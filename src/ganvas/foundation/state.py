"""The state of a part of a run, from which a resumed run continues exactly."""

from typing import Any, TypeAlias

# Nested dicts and lists of tensors, numbers, strings and None. Each part knows the types of its own state, and reads
# only what an earlier version of itself wrote.
State: TypeAlias = dict[str, Any]
