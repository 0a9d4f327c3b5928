"""Where pictures come from: folders, archives, tables, published collections, and the embedded painter.

`opening` makes a `Source` of a name. It is not imported here, because worker processes start sooner without it: they
need the items alone.
"""

from ganvas.data.sources.folder import PictureFile, open_folder
from ganvas.data.sources.source import Item, Request, Source

__all__ = ["Item", "PictureFile", "Request", "Source", "open_folder"]
