"""A random forest on pixels: the plainest of paper 5's classifiers ("Paint by GAN": 0.65 of Cezanne and van Gogh)."""

import zipfile
from pathlib import Path

import numpy as np
import skops.io
import torch
from numpy.typing import NDArray
from pydantic import Field
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.tree._tree import TREE_LEAF

from ganvas.classify.model import Examples, Fitted, Model, Progress
from ganvas.classify.options import ClassifierOptions
from ganvas.foundation.errors import RunError
from ganvas.foundation.pixels import resize
from ganvas.machine.cores import usable_threads

FOREST = "forest.skops"

# Pictures to judge at a time: as numbers they take four times their memory.
SLAB = 256

# The one type in the file that skops does not vouch for: trees index their arrays unchecked. `_is_sound` checks them.
TRUSTED = ["sklearn.tree._tree.Tree"]


class ForestOptions(ClassifierOptions):
    """Options of the random forest."""

    trees: int = Field(100, ge=1, le=10_000, description="Trees in the forest.")


class Forest(Model):
    """Scikit-learn's random forest with its default settings, on pixels divided by 255."""

    options_class = ForestOptions
    options: ForestOptions

    def fit(self, training: Examples, validation: Examples | None, progress: Progress) -> Fitted:
        """See `Model.fit`; the validation examples are not used, for there is nothing to choose."""
        progress.say(f"growing {self.options.trees} trees")
        self._forest = RandomForestClassifier(
            self.options.trees,
            class_weight="balanced" if self.options.balance == "weights" else None,
            n_jobs=self.options.threads or usable_threads(),
            random_state=self.options.seed,
        )
        self._forest.fit(self._pixels(training.images), training.labels)
        # Threads would add up the trees' votes in any order, and so round them in any way.
        self._forest.n_jobs = 1
        return Fitted()

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See `Model.probabilities`; a class that was never trained on has none."""
        result = np.zeros((len(images), self.classes), np.float32)
        for start in range(0, len(images), SLAB):
            slab = self._pixels(images[start : start + SLAB])
            result[start : start + SLAB, self._forest.classes_] = self._forest.predict_proba(slab)
        return result

    @property
    def importances(self) -> NDArray[np.float64]:
        """Impurity that splits on each value of a picture take away, float64 [size, size, 3]; the sum is 1, or 0."""
        side = self.options.size
        importances: NDArray[np.float64] = self._forest.feature_importances_.reshape(side, side, 3)
        return importances

    def save(self, directory: Path) -> None:
        """See `Model.save`."""
        skops.io.dump(self._forest, directory / FOREST, compression=zipfile.ZIP_DEFLATED)

    def restore(self, directory: Path) -> None:
        """See `Model.restore`."""
        file = directory / FOREST
        try:
            forest = skops.io.load(file, trusted=TRUSTED)
        except Exception as error:  # skops lets whatever a damaged file provokes pass
            raise RunError(f"{file} cannot be read ({error}); train the classifier again") from error
        if not self._is_sound(forest):
            raise RunError(f"{file} does not hold the forest that its classifier describes; train the classifier again")
        self._forest = forest

    def _pixels(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Float32 [N, size * size * 3] in [0, 1]."""
        resized = resize(torch.tensor(np.ascontiguousarray(images)), self.options.size).numpy()
        return resized.reshape(len(images), -1).astype(np.float32) / np.float32(255)

    def _is_sound(self, forest: object) -> bool:
        """Whether this is a forest for our pictures and classes, whose trees stay within their arrays."""
        pixels = 3 * self.options.size**2
        try:
            return bool(
                isinstance(forest, RandomForestClassifier)
                and forest.n_features_in_ == pixels
                and np.isin(forest.classes_, np.arange(self.classes)).all()
                and all(_stays_within(each, pixels, len(forest.classes_)) for each in forest.estimators_)
            )
        except (AttributeError, TypeError, ValueError):  # it lacks something, or it is of another kind
            return False


def _stays_within(estimator: object, pixels: int, classes: int) -> bool:
    """Whether every inner node of a tree looks at a pixel there is and leads to later nodes that there are."""
    if not isinstance(estimator, DecisionTreeClassifier):
        return False
    tree = estimator.tree_
    if not 0 < tree.node_count <= tree.capacity:
        return False
    if (tree.n_features, tree.n_outputs, tree.max_n_classes) != (pixels, 1, classes):
        return False
    inner = np.flatnonzero(tree.children_left != TREE_LEAF)
    feature, children = tree.feature[inner], np.stack([tree.children_left[inner], tree.children_right[inner]])
    return bool(
        ((children > inner) & (children < tree.node_count)).all() and ((feature >= 0) & (feature < pixels)).all()
    )
