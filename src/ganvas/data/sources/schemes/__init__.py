"""Sources that are named by a scheme, as in `painter:500`; one file each, called as the scheme is.

Each file has a function `open_named` that makes a `Source` of what follows the colon.
"""

from ganvas.data.sources.source import Opener
from ganvas.foundation.registry import Registry, attribute

SCHEMES: Registry[Opener] = Registry("source", __name__, attribute("open_named"))
