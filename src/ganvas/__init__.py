"""ganvas turns a folder of pictures into a trained, measured and explorable art generator.

The public API, loaded on first use so that `import ganvas` costs nothing:

    prepare(source, target, ...)   a folder of pictures becomes a dataset directory
    Dataset.open(path)             the pictures, labels and table of a dataset directory
    survey(data, ...)              what is in a dataset: classes, colours, means, shapes, doubles
    train(data, ...)               a dataset becomes a run directory
    resume(run, ...)               a run that was interrupted goes on
    load(path)                     a run or snapshot becomes a generator with `.sample(n, seed=0)`
    evaluate(target, ...)          KID, FID, precision and recall of a run, snapshot or folder
    export(source, to, out, ...)   a generator as plain torch, ONNX, a web page or a folder for a hub
"""

import importlib
from typing import TYPE_CHECKING, Any

from ganvas.foundation.version import VERSION as __version__

if TYPE_CHECKING:
    from ganvas.artist.artist import load as load
    from ganvas.artist.evaluate import evaluate as evaluate
    from ganvas.data.dataset.dataset import Dataset as Dataset
    from ganvas.data.prepare.prepare import prepare as prepare
    from ganvas.data.survey.survey import survey as survey
    from ganvas.planning.run import resume as resume
    from ganvas.planning.run import train as train
    from ganvas.sharing.export import export as export

_HOME = {
    "Dataset": "ganvas.data.dataset.dataset",
    "prepare": "ganvas.data.prepare.prepare",
    "survey": "ganvas.data.survey.survey",
    "train": "ganvas.planning.run",
    "resume": "ganvas.planning.run",
    "export": "ganvas.sharing.export",
    "load": "ganvas.artist.artist",
    "evaluate": "ganvas.artist.evaluate",
}
__all__ = ["Dataset", "__version__", "evaluate", "export", "load", "prepare", "resume", "survey", "train"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'ganvas' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)
