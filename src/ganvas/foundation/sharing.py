"""What several steps of one piece of work need is made once, and let go when the work is over."""

import contextlib
from collections.abc import Callable, Hashable, Iterator
from contextvars import ContextVar
from typing import TypeVar, cast

T = TypeVar("T")
_shared: ContextVar[dict[Hashable, object] | None] = ContextVar("shared", default=None)


@contextlib.contextmanager
def sharing() -> Iterator[None]:
    """A piece of work. What `once` has made in it is let go at its end, with the files that it holds open."""
    token = _shared.set({})
    try:
        yield
    finally:
        _shared.reset(token)


def once(key: Hashable, make: Callable[[], T]) -> T:
    """What `make` makes, or has made for this key in the same piece of work. Outside of any it is made anew."""
    shared = _shared.get()
    if shared is None:
        return make()
    if key not in shared:
        shared[key] = make()
    return cast(T, shared[key])
