"""How long ago something was, in words."""

import time

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))


def age(moment: float) -> str:
    """Words for a time in seconds since the epoch: `just now`, `5 minutes ago`, `2 days ago`."""
    passed = time.time() - moment
    for seconds, unit in _UNITS:
        if passed >= seconds:
            count = int(passed // seconds)
            return f"{count:,} {unit}{'' if count == 1 else 's'} ago"
    return "just now"
