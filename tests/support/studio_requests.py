"""A good request for every address of the studio in `support.studio.write_folder`, and hostile ones."""

import io

from PIL import Image
from PIL.PngImagePlugin import PngInfo

SOURCE = {"name": "first", "snapshot": "last"}
# A picture that the pages may ask for.
CELL: dict[str, object] = {"seed": 3, "number": 5, "truncation": 0.7}

# What is asked for: the parameters of each address, which all matter.
GETS: dict[str, dict[str, str]] = {
    "/": {},
    "/home": {},
    "/events": {},
    "/login": {},
    "/assets/{name}": {"name": "run.js"},
    "/run": {"name": "first"},
    "/run/parts": {"name": "first"},
    "/run/events": {"name": "first"},
    "/run/grid": {"name": "first", "kimg": "0.016"},
    "/run/thumbnail": {"name": "first"},
    "/dataset/thumbnail": {"name": "data"},
    "/new": {"data": "data"},
    "/new/source": {"name": "pictures", "size": "32", "fit": "crop", "classes": "none"},
    "/new/survey": {"name": "data"},
    "/job": {"number": "1"},
    "/job/events": {"number": "1"},
    "/job/result": {"number": "1"},
    "/explore": {"name": "first", "snapshot": "last"},
    "/explore/projected": {"number": "1"},
    "/compare": {"name": "first"},
    "/compare/picture": {"vote": "1", "question": "0", "place": "left"},
    "/classify": {"name": "mind"},
    "/export": {"name": "first"},
    "/export/card": {"name": "first", "snapshot": "last"},
}
# What is sent as JSON.
POSTS: dict[str, dict[str, object]] = {
    "/run/stop": {"name": "first"},
    "/run/resume": {"name": "first", "budget": "1steps"},
    "/run/again": {"name": "first", "out": "x", "start": "newest", "budget": "1steps"},
    "/new/prepare": {"source": "pictures", "out": "x", "size": 64, "fit": "crop", "classes": "none"},
    "/new/train": {
        "data": "data", "out": "x", "budget": "1steps", "recipe": "dcgan", "quality": "quick", "on_trouble": "stop",
        "beside": False,
    },
    "/new/forecast": {"data": "data", "out": "x", "budget": "1steps"},
    "/job/stop": {"number": 1},
    "/explore/paint": {**SOURCE, "cells": [CELL], "columns": 1},
    "/explore/download": {**SOURCE, "cells": [CELL], "columns": 1},
    "/explore/describe": {**SOURCE, "cell": CELL},
    "/explore/between": {**SOURCE, "start": CELL, "end": CELL, "steps": 3},
    "/explore/neighbours": {**SOURCE, "cell": CELL},
    "/explore/keep": {**SOURCE, "cell": CELL},
    "/explore/forget": {**SOURCE, "favourite": "seed 3 number 5"},
    "/explore/directions": {**SOURCE, "count": 3},
    "/explore/rename": {**SOURCE, "old": "x", "new": "y"},
    "/explore/film": {**SOURCE, "favourites": ["x", "y"], "seconds": 2, "kind": "gif"},
    "/export/start": {**SOURCE, "to": "hub", "out": "x", "license": "mit"},
    "/compare/begin": {"first": SOURCE, "second": {"name": "second", "snapshot": "last"}},
    "/compare/choose": {"vote": 1, "question": 0, "choice": "left"},
    "/compare/reveal": {"vote": 1},
    "/classify/train": {"data": "data", "out": "x", "model": "forest"},
}  # fmt: skip
# Where pictures are sent: the parameters of the address.
UPLOADS: dict[str, dict[str, str]] = {
    "/new/upload": {"folder": "dropped"},
    "/explore/restore": {"name": "first"},
    "/explore/project": SOURCE,
    "/classify/ask": {"name": "mind"},
}
# Names that hostile requests have in place of a name under the studio's folder.
NAMES = [
    "..", "../outside", "../../etc/passwd", "/etc/passwd", "first/../../outside", "./first", "first/", "//first",
    "%2e%2e%2foutside", "..\\outside", "first\x00", "first%00", "link", "link/run", "data/../first", "~", "~root",
    "file:///etc/passwd", "http://127.0.0.1/", "C:\\Windows", "CON", "$(id)", "`id`", "<script>alert(1)</script>",
    "{{7*7}}", "nan", "inf", "-1", "1e999", "A" * 3000, "\u202e",
    "\N{FULLWIDTH FULL STOP}\N{FULLWIDTH FULL STOP}/x", "",
]  # fmt: skip


def png(*chunks: tuple[str, str]) -> bytes:
    """The file of a black square of 16 pixels, with these texts in it."""
    file, info = io.BytesIO(), PngInfo()
    for keyword, text in chunks:
        info.add_itxt(keyword, text, zip=True)
    Image.new("RGB", (16, 16)).save(file, "PNG", pnginfo=info)
    return file.getvalue()
