"""Words of commands that the studio starts."""


def named(name: str) -> str:
    """A name under the folder as an argument, which is never taken for a flag."""
    return f"./{name}" if name.startswith("-") else name
