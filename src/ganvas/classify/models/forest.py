"""A random forest on pixels, the simplest classifier of paper 5 ("Paint by GAN"); it reports an accuracy of 0.65."""

import zipfile
from pathlib import Path

import numpy as np
import skops.io
import torch
from pydantic import Field
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.tree._tree import TREE_LEAF

from ganvas.classify.model import Examples, Fitted, Model, Progress
from ganvas.classify.options import ClassifierOptions
from ganvas.foundation.arrays import Features, Floats, Images
from ganvas.foundation.errors import RunError
from ganvas.foundation.pixels import resize
from ganvas.machine.cores import usable_threads

FOREST = "forest.skops"

# Pictures to classify at a time. As float32 they take four times their memory.
SLAB = 256

# The only type in the file that skops does not trust by default, because trees index their arrays without checks.
# `_is_valid` makes these checks.
TRUSTED = ["sklearn.tree._tree.Tree"]


class ForestOptions(ClassifierOptions):
    """Options of the random forest."""

    trees: int = Field(100, ge=1, le=10_000, description="Number of trees.")


class Forest(Model):
    """Scikit-learn's random forest with its default settings, on pixels divided by 255."""

    options_class = ForestOptions
    options: ForestOptions

    def fit(self, training: Examples, validation: Examples | None, progress: Progress) -> Fitted:
        """See `Model.fit`; validation examples are not used, because there are no epochs to choose from."""
        progress.say(f"growing {self.options.trees} trees")
        self._forest = RandomForestClassifier(
            self.options.trees,
            class_weight="balanced" if self.options.balance == "weights" else None,
            n_jobs=self.options.threads or usable_threads(),
            random_state=self.options.seed,
        )
        self._forest.fit(self._pixels(training.images), training.labels)
        # Several threads would sum the trees' votes in varying order, with varying rounding errors.
        self._forest.n_jobs = 1
        return Fitted()

    def probabilities(self, images: Images) -> Features:
        """See `Model.probabilities`; a class without training examples has probability 0."""
        result = np.zeros((len(images), self.classes), np.float32)
        for start in range(0, len(images), SLAB):
            slab = self._pixels(images[start : start + SLAB])
            result[start : start + SLAB, self._forest.classes_] = self._forest.predict_proba(slab)
        return result

    @property
    def importances(self) -> Floats:
        """The mean decrease in impurity of each value of a picture, float64 [size, size, 3]; the sum is 1, or 0."""
        side = self.options.size
        importances: Floats = self._forest.feature_importances_.reshape(side, side, 3)
        return importances

    def save(self, directory: Path) -> None:
        """See `Model.save`."""
        skops.io.dump(self._forest, directory / FOREST, compression=zipfile.ZIP_DEFLATED)

    def restore(self, directory: Path) -> None:
        """See `Model.restore`."""
        file = directory / FOREST
        try:
            forest = skops.io.load(file, trusted=TRUSTED)
        except Exception as error:  # skops does not wrap the errors that a damaged file causes
            raise RunError(f"{file} cannot be read ({error}); train the classifier again") from error
        if not self._is_valid(forest):
            raise RunError(f"{file} does not hold the forest that its classifier describes; train the classifier again")
        self._forest = forest

    def _pixels(self, images: Images) -> Features:
        """Float32 [N, size * size * 3] in [0, 1]."""
        resized = resize(torch.tensor(np.ascontiguousarray(images)), self.options.size).numpy()
        return resized.reshape(len(images), -1).astype(np.float32) / np.float32(255)

    def _is_valid(self, forest: object) -> bool:
        """Whether this is a forest for these pictures and classes, with trees that stay within their arrays."""
        pixels = 3 * self.options.size**2
        try:
            return bool(
                isinstance(forest, RandomForestClassifier)
                and forest.n_features_in_ == pixels
                and np.isin(forest.classes_, np.arange(self.classes)).all()
                and all(_stays_within(tree, pixels, len(forest.classes_)) for tree in forest.estimators_)
            )
        except (AttributeError, TypeError, ValueError):  # an attribute is missing or has another type
            return False


def _stays_within(estimator: object, pixels: int, classes: int) -> bool:
    """Whether every inner node of a tree reads an existing pixel and leads to existing nodes that come later."""
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
