"""Datasets in StyleGAN's format: numbered pictures in numbered folders, and their classes in `dataset.json`.

`{"labels": [["00000/img00000000.png", 6], ...]}` gives each picture the number of its class, or a one-hot vector.
`{"labels": null}` is a dataset without classes. The folders are not classes: each holds a thousand pictures.
"""

import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from ganvas.data.sources.collections.collection import BY_FOLDERS, Collection
from ganvas.data.sources.listed import missing
from ganvas.data.sources.source import Item, RejectedItem, Request, Source, Value
from ganvas.data.sources.tree import REMEDY, Tree, collection, pictures_of, rejected_item
from ganvas.foundation.errors import DataError
from ganvas.settings.options import brief

FILE, CLASS = "dataset.json", "class"

# The names of StyleGAN's dataset tool (00012/img00012345.png) and of FFHQ (12000/12345.png).
_COUNTED = re.compile(r"([0-9]{5})/(?:img([0-9]{8})|([0-9]{5}))\.[a-z]+")


def recognise(tree: Tree, request: Request) -> Source | None:
    """The pictures with the classes of `dataset.json`; without that file, the pictures of numbered folders.

    Raises:
        DataError: a label in `dataset.json` is neither a class number, nor a name, nor a one-hot vector.
    """
    pictures = pictures_of(tree)
    below = {name: name.removeprefix(tree.wrapper) for name in pictures}
    has_file = f"{tree.wrapper}{FILE}" in tree.names
    labels = _labels(tree) if has_file else None
    if labels:
        return collection(tree, request, f"StyleGAN's dataset ({FILE})", _labelled(tree, below, labels), CLASS)
    if not pictures or not all(map(_is_counted, below.values())):
        return None
    what = f"StyleGAN's dataset ({FILE} gives no labels)" if has_file else "numbered folders"
    items = [tree.picture(name, {}) if name in below else rejected_item(tree, name) for name in tree.names]
    return Source(tree.title, items, remedy=REMEDY, notes=(f"recognised {what}: no classes",))


def _labels(tree: Tree) -> Mapping[str, object] | None:
    """The label of each picture in `dataset.json`; None if it has none, or is another kind of file.

    Raises:
        DataError: an entry of its labels is not a pair of a path and a label.
    """
    try:
        content = json.loads(tree.content(tree.wrapper + FILE))
    except ValueError:
        return None
    pairs = content.get("labels") if isinstance(content, dict) else None
    if isinstance(pairs, dict):
        pairs = list(pairs.items())
    if not isinstance(pairs, list) or not all(isinstance(pair, list | tuple) for pair in pairs):
        return None
    for pair in pairs:
        if len(pair) != 2:
            raise DataError(f'{FILE}: labels must be a list of ["00000/img00000000.png", class], found {brief(pair)}')
    return {str(path).replace("\\", "/"): label for path, label in pairs}


def _labelled(tree: Tree, below: Mapping[str, str], labels: Mapping[str, object]) -> list[Item]:
    """An item for each file, and a rejected one for each labelled picture that is missing."""
    classes = {path: _class_of(path, label) for path, label in labels.items()}
    items: list[Item] = []
    for name in tree.names:
        if name not in below:
            if name != tree.wrapper + FILE:
                items.append(rejected_item(tree, name))
        elif below[name] in classes:
            row: dict[str, Value] = {CLASS: classes[below[name]]}
            items.append(tree.picture(name, row))
        else:
            items.append(RejectedItem(name, f"without a label in {FILE}"))
    present = set(below.values())
    return [*items, *(RejectedItem(path, missing(FILE)) for path in classes if path not in present)]


def _class_of(path: str, label: object) -> str:
    """The class as text: a number, a name, or the position of the 1 in a one-hot vector."""
    if isinstance(label, list) and label.count(1) == 1 and label.count(0) == len(label) - 1:
        return str(label.index(1))
    if isinstance(label, float) and label.is_integer():
        return str(int(label))
    if isinstance(label, int | str) and not isinstance(label, bool):
        return str(label)
    raise DataError(
        f"{FILE} gives {path} the label {json.dumps(label)[:60]}; expected the number of a class, or a vector with a "
        "single 1. To ignore the labels, prepare with classes none"
    )


def _is_counted(path: str) -> bool:
    """Whether a picture lies in the folder that matches its number."""
    match = _COUNTED.fullmatch(str(PurePosixPath(path)).lower())
    if match is None:
        return False
    folder, long, short = match.groups()
    return long[:5] == folder if long else int(short) // 1000 * 1000 == int(folder)


# Tried last, because other collections may hold numbered pictures, too.
COLLECTION = Collection(BY_FOLDERS, recognise)
