"""Where pictures come from: folders, archives, tables, published collections, and the embedded painter.

A kind of source is a module with a function that returns a `Source`; `opening` knows them all.
"""

from ganvas.data.sources.folder import PictureFile, open_folder
from ganvas.data.sources.opening import Named, open_source
from ganvas.data.sources.source import SIZES, Item, Request, Source

__all__ = ["SIZES", "Item", "Named", "PictureFile", "Request", "Source", "open_folder", "open_source"]
