"""Eigenpictures: a normal distribution over pixels, fitted to each class (Turk & Pentland 1991; Sirovich & Kirby 1987).

    G(z, c) = clip(m + sum_k z_k s_k u_k, -1, 1),    z ~ N(0, I)

with the mean m of the class, its principal components u_k and the standard deviations s_k along them. The variance
beyond the components is left out, so pictures are smoother than samples of the full normal distribution; `explained` is
the share that is kept. Within the components, the covariance is that of the class, apart from clipping.
"""

from typing import Self

import numpy as np
import sklearn.decomposition
import torch
from pydantic import Field
from threadpoolctl import threadpool_limits
from torch import Tensor

from ganvas.baselines.baseline import Baseline, BaselineOptions, Composites
from ganvas.baselines.pictures import Pictures
from ganvas.gans.recipe import Spec


class PCAOptions(BaselineOptions):
    """Options of the eigenpictures."""

    components: int = Field(
        100, ge=1, le=4096, description="Components of each class, the length of z; n pictures give at most n - 1."
    )


class EigenPictures(Composites):
    """The generator of the eigenpictures.

    Attributes:
        means: float [C, 3, S, S].
        components: float [C, K, 3, S, S], each scaled to the standard deviation along it, the largest first; 0 beyond
            the components of a class.
        explained: float [C], the share of the class's variance in the components.
    """

    means: Tensor
    components: Tensor
    explained: Tensor

    def __init__(self, spec: Spec, components: int) -> None:
        super().__init__()
        classes, picture = max(spec.classes, 1), (3, spec.size, spec.size)
        self.register_buffer("means", torch.zeros(classes, *picture))
        self.register_buffer("components", torch.zeros(classes, components, *picture))
        self.register_buffer("explained", torch.ones(classes))

    def fit(self, label: int, pictures: Pictures, seed: int) -> int:
        """Fit the leading components of a sample; if it is large, by a randomised decomposition."""
        sample = pictures.sample(seed)
        matrix = sample.flatten(1).numpy()
        count = min(self.components.shape[1], len(matrix) - 1, matrix.shape[1])
        self.means[label] = sample.mean(0)
        total = float(matrix.var(0, ddof=1).sum()) if count else 0.0
        if not total:
            return len(sample)  # one picture, or identical ones
        with threadpool_limits(1):
            fitted = sklearn.decomposition.PCA(count, copy=False, random_state=seed).fit(matrix)
        scaled = fitted.components_ * np.sqrt(fitted.explained_variance_)[:, None]
        self.components[label, :count] = torch.from_numpy(scaled).view(count, *sample.shape[1:])
        self.explained[label] = float(fitted.explained_variance_.sum() / total)
        return len(sample)

    def compose(self, latents: Tensor, label: int) -> Tensor:
        """The mean plus the components, weighted by the latents."""
        pictures: Tensor = self.means[label] + torch.tensordot(latents, self.components[label], 1)
        return pictures.clamp(-1, 1)

    def __str__(self) -> str:
        count = self.components.shape[1]
        return f"up to {count} components of each class, with at least {self.explained.min():.1%} of its variance"


class PCA(Baseline):
    """A mean picture and its principal components for each class."""

    paper = "Turk & Pentland 1991, eigenfaces"
    options_class = PCAOptions
    options: PCAOptions

    @property
    def latent_dim(self) -> int:
        """One coordinate for each component."""
        return self.options.components

    def limited(self, pictures: int, spec: Spec) -> Self:
        """Limit the components to the number that `pictures` pictures span."""
        components = max(1, min(self.options.components, pictures - 1, 3 * spec.size**2))
        return type(self)(self.options.model_copy(update={"components": components}))

    def build_generator(self, spec: Spec) -> EigenPictures:
        """A generator with a mean and `components` components of each class."""
        return EigenPictures(spec, self.options.components)
