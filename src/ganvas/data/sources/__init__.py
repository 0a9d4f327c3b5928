"""Where pictures come from: folders, archives, tables, published collections, and the embedded painter.

`opening.open_source` opens a source by its name. It is not imported here because worker processes need only the items
and start faster without it.
"""

from ganvas.data.sources.folder import PictureFile, open_folder
from ganvas.data.sources.source import Item, Request, Source

__all__ = ["Item", "PictureFile", "Request", "Source", "open_folder"]
