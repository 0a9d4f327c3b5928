"""Means of groups of similar pictures, which "Paint by GAN" (paper 5) proposes as future work.

K-means over the pixels groups the pictures of a class. Each generated picture is the mean of a group, drawn in
proportion to the size of the group.
"""

import warnings
from typing import Self

import numpy as np
import sklearn.cluster
import torch
from pydantic import Field
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits
from torch import Tensor

from ganvas.baselines.baseline import Baseline, BaselineOptions, Composites
from ganvas.baselines.pictures import Pictures
from ganvas.gans.recipe import Spec


class KMeansOptions(BaselineOptions):
    """Options of K-means."""

    clusters: int = Field(
        16, ge=1, le=4096, description="Clusters of each class; a class with fewer pictures gets one for each picture."
    )


class ClusterMeans(Composites):
    """G(z, c) = the centre of cluster k of class c, where k is the first whose cumulative share is at least Phi(z).

    Phi is the standard normal distribution function, so that Phi(z) is uniform for z ~ N(0, 1).

    Attributes:
        centres: float [C, K, 3, S, S], the largest cluster first; 0 beyond the clusters of a class.
        shares: float [C, K], the cumulative share of the class's pictures in the clusters up to this one; 1 beyond
            the clusters of a class.
    """

    centres: Tensor
    shares: Tensor

    def __init__(self, spec: Spec, clusters: int) -> None:
        super().__init__()
        classes = max(spec.classes, 1)
        self.register_buffer("centres", torch.zeros(classes, clusters, 3, spec.size, spec.size))
        self.register_buffer("shares", torch.ones(classes, clusters))

    def fit(self, label: int, pictures: Pictures, seed: int) -> int:
        """Fit by Lloyd's algorithm from k-means++ centres."""
        sample = pictures.sample(seed)
        count = min(self.shares.shape[1], len(sample))
        # Identical pictures leave clusters empty, which is fine, but scikit-learn warns. More than one thread would
        # sum the centres in an order that differs from run to run.
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore", ConvergenceWarning)
            algorithm = sklearn.cluster.KMeans(count, n_init=1, random_state=seed, copy_x=False)
            fitted = algorithm.fit(sample.flatten(1).numpy())
        sizes = np.bincount(fitted.labels_, minlength=count)
        order = np.argsort(-sizes, kind="stable")
        centres = torch.from_numpy(fitted.cluster_centers_[order])
        self.centres[label, :count] = centres.view(count, *sample.shape[1:])
        self.shares[label, :count] = torch.from_numpy(np.cumsum(sizes[order]) / len(sample))
        return len(sample)

    def compose(self, latents: Tensor, label: int) -> Tensor:
        """The centre that the first coordinate of each latent selects."""
        position = torch.special.ndtr(latents[:, :1])
        return self.centres[label][(position > self.shares[label]).sum(1)]

    def __str__(self) -> str:
        return f"the means of up to {self.shares.shape[1]} clusters of each class"


class KMeans(Baseline):
    """K mean pictures of each class."""

    paper = "Paint by GAN (paper 5), its outlook; Lloyd 1982"
    options_class = KMeansOptions
    options: KMeansOptions

    def limited(self, pictures: int, spec: Spec) -> Self:
        """Limit the clusters to the number of pictures."""
        clusters = min(self.options.clusters, pictures)
        return type(self)(self.options.model_copy(update={"clusters": clusters}))

    def build_generator(self, spec: Spec) -> ClusterMeans:
        """A generator with `clusters` pictures of each class."""
        return ClusterMeans(spec, self.options.clusters)
