"""Painter by Numbers, the pictures of paper 5: `all_data_info.csv` with the folders `train` and `test`."""

from ganvas.data.sources.collections.collection import BY_TABLE, Collection
from ganvas.data.sources.listed import PathFinder, listed_items, pictures_tree
from ganvas.data.sources.source import Request, Source
from ganvas.data.sources.text_table import read_columns
from ganvas.data.sources.tree import Tree, collection

TABLE = "all_data_info.csv"
FILE, SPLIT, CLASS = "new_filename", "in_train", "genre"


def recognise(tree: Tree, request: Request) -> Source | None:
    """The pictures that the table lists, in its order and with its split; None without such a table.

    The columns are artist, date, genre, style, title, source, artist_group, in_train and the sizes; the class is the
    genre. Pictures are looked for in `train` or `test` (or `train_1` to `train_9`, the names of the archives), and
    then anywhere.
    """
    if (table := f"{tree.wrapper}{TABLE}") not in tree.names:
        return None
    columns = read_columns(tree.content(table), TABLE)
    if not {FILE, SPLIT, CLASS} <= columns.cells.keys():
        return None
    rows = columns.rows(without=[FILE])
    folders = ["train" if row[SPLIT] is True else "test" for row in rows]
    finder = PathFinder(pictures_tree(tree, request))
    items = listed_items(finder, columns.cells[FILE], rows, folders, TABLE)
    items = [*items, *finder.others(items, f"not in {TABLE}")]
    return collection(tree, request, f"Painter by Numbers ({TABLE})", items, CLASS, SPLIT)


COLLECTION = Collection(BY_TABLE, recognise)
