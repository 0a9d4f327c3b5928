"""Sources named by a scheme, as in `painter:500`. Each module has the name of its scheme.

Its function `open_named` opens a `Source` from what follows the colon.
"""

from ganvas.data.sources.source import Opener
from ganvas.foundation.registry import Registry, attribute

SCHEMES: Registry[Opener] = Registry("source", __name__, attribute("open_named"))
