"""What a generator can be exported as, one file each.

A file has a function `write(given: Given, out: Path, ...) -> Iterable[str]`. It writes `out`, whole or not at all, and
returns lines about what it checked. Its keyword-only parameters are the format's own options.
"""

from collections.abc import Callable, Iterable

from ganvas.foundation.registry import Registry, attribute

FORMATS: Registry[Callable[..., Iterable[str]]] = Registry("format", __name__, attribute("write"))
names, find = FORMATS.names, FORMATS.find
