"""Published collections, recognised by their files. Each module defines a `COLLECTION`."""

from ganvas.data.sources.collections.collection import Collection
from ganvas.foundation.registry import Registry, attribute

COLLECTIONS: Registry[Collection] = Registry("collection", __name__, attribute("COLLECTION"), besides=["collection"])


def in_order() -> list[Collection]:
    """Every collection, in the order in which they are tried."""
    return sorted(COLLECTIONS.all().values(), key=lambda collection: collection.order)
