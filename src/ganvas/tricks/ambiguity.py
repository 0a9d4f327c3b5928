"""Style ambiguity for any recipe whose generator needs no class: art that is of no known style.

Elgammal et al. 2017, "CAN: Creative adversarial networks", section 3.2, in the form of Sbai et al. 2018, "DeSIGN:
Design inspiration from generative networks", equation 4, for styles that exclude each other.
"""

import dataclasses

from torch import Tensor, nn

from ganvas.foundation.errors import ConfigError
from ganvas.gans.recipe import Batch, Loss, Recipe, Spec
from ganvas.networks.critique import Head
from ganvas.networks.losses import class_cross_entropy, uniform_cross_entropy
from ganvas.settings.options import Options
from ganvas.tricks.trick import State, Trick


class Ambiguity(Trick):
    """G learns to paint what cannot be assigned to one of C styles: w u times a cross-entropy is added to its loss.

        G minimises  ... - w u E[1/C sum over c of log P(c | G(z))]

    P = softmax of the class logits. The term is least, w u log C, where every P(c | G(z)) is 1/C. u grows linearly from
    0 to 1 over the first `ambiguity_over` thousand real pictures, because what G paints first is of no style anyway.
    Neither network is conditioned on the classes. They are named in one of two ways:

    - By a layer of D, over the features of its last layer. It learns from real pictures x of class c, and the gradient
      of G's term passes through D:

          D minimises  ... - E[log P(c | x)]

    - By a fixed classifier, which sees one in `ambiguity_every` of G's pictures, without D's augmentation. Its weights
      never change. They are not part of checkpoints and snapshots.
    """

    order = 66  # after `spectral_norm`, so that the layer of D may be as sure of a class as it needs to

    def __init__(self, recipe: Recipe) -> None:
        super().__init__(recipe)
        self._classes = self._images_seen = 0

    @classmethod
    def is_enabled(cls, options: Options) -> bool:
        """Whether `ambiguity` is above 0."""
        return options.ambiguity > 0

    def spec(self, spec: Spec) -> Spec:
        """The same pictures without classes, so that neither network is conditioned on them."""
        self._classes = spec.classes
        return dataclasses.replace(spec, classes=0)

    def adapt(self, generator: nn.Module, discriminator: nn.Module) -> None:
        """Give D a layer that names the classes, unless a fixed classifier does.

        Raises:
            ConfigError: there are fewer than two classes, or D does not end in a `Head`.
        """
        if not self.recipe.options.has_style_head:
            return
        if self._classes < 2:
            raise ConfigError(
                f"ambiguity needs pictures of at least two classes, not {self._classes}: prepare a folder with a "
                "sub-folder for each class, name a column of the dataset's index with --label-column, or name a "
                "classifier with ambiguity_by"
            )
        head = next((module for module in discriminator.modules() if isinstance(module, Head)), None)
        if head is None:
            raise ConfigError(
                f"ambiguity: the discriminator of recipe {self.recipe.name()} does not end in its head; name a "
                "classifier with ambiguity_by"
            )
        head.learn_classes(self._classes)

    def discriminator_terms(
        self, generator: nn.Module, discriminator: nn.Module, batch: Batch, loss: Loss
    ) -> dict[str, Tensor]:
        """The error of D's layer about the classes of real pictures."""
        if not self.recipe.options.has_style_head:
            return {}
        assert batch.labels is not None
        return {"style": class_cross_entropy(self._named_by_head(loss, discriminator, batch.images), batch.labels)}

    def generator_terms(
        self, generator: nn.Module, discriminator: nn.Module, batch: Batch, loss: Loss
    ) -> dict[str, Tensor]:
        """How far the generated pictures are from being of no style, weighted."""
        pictures = batch.generated(generator)
        if self.recipe.options.has_style_head:
            class_logits = self._named_by_head(loss, discriminator, pictures)
        else:
            assert self.classifier is not None
            class_logits = self.classifier(pictures[:: self.recipe.options.ambiguity_every])
        return {"ambiguity": self._weight * uniform_cross_entropy(class_logits)}

    def after_discriminator_step(self, discriminator: nn.Module) -> None:
        """Count the real pictures."""
        self._images_seen += self.recipe.options.batch_size

    @property
    def _weight(self) -> float:
        options = self.recipe.options
        grown = self._images_seen / (1000 * options.ambiguity_over) if options.ambiguity_over else 1.0
        return options.ambiguity * min(1.0, grown)

    def _named_by_head(self, loss: Loss, discriminator: nn.Module, images: Tensor) -> Tensor:
        """D's class logits, float [B, C], of the pictures of a loss, [B, 3, S, S]."""
        if loss.class_logits is not None:
            return loss.class_logits
        class_logits = self.critique(discriminator, images, None).class_logits
        if class_logits is None:
            raise ConfigError(
                f"ambiguity: the discriminator of recipe {self.recipe.name()} leaves out the class logits of its head"
            )
        return class_logits

    def state(self) -> State:
        """The number of real pictures so far."""
        return {"images_seen": self._images_seen}

    def load_state(self, state: State) -> None:
        """Continue counting from there."""
        images_seen = state["images_seen"]
        assert isinstance(images_seen, int)
        self._images_seen = images_seen
