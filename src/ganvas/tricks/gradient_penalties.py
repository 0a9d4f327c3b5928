"""Zero-centred gradient penalties R1 and R2 (Mescheder, Geiger and Nowozin 2018, equations 9 and 10)."""

import torch
from torch import Tensor, nn

from ganvas.gans.recipe import Batch, Loss, Recipe
from ganvas.settings.options import Options
from ganvas.tricks.trick import State, Trick


class GradientPenalties(Trick):
    """D's gradient is pulled to zero at the pictures.

        R1 = gamma/2 E[||grad_x D(x)||^2] over real pictures,    R2 = the same over generated ones

    D(x) is the logit. With `penalty_every` = k the terms are added at every k-th update only, times k (Karras et al.
    2020, "Analyzing and improving the image quality of StyleGAN", section 3.1, "lazy regularization").

    With BatchNorm each logit depends on the whole batch. The gradient is then that of the sum of the batch's logits, so
    it includes a picture's effect on the others.
    """

    order = 62

    def __init__(self, recipe: Recipe) -> None:
        super().__init__(recipe)
        self._updates = 0

    @classmethod
    def is_enabled(cls, options: Options) -> bool:
        """Whether `r1` or `r2` is above 0."""
        return options.r1 > 0 or options.r2 > 0

    def discriminator_terms(
        self, generator: nn.Module, discriminator: nn.Module, batch: Batch, loss: Loss
    ) -> dict[str, Tensor]:
        """The penalties, at every `penalty_every`-th update."""
        options = self.recipe.options
        is_due = self._updates % options.penalty_every == 0
        terms = {}
        if is_due and options.r1:
            terms["r1"] = self._penalty(options.r1, discriminator, batch.images, batch.labels)
        if is_due and options.r2:
            terms["r2"] = self._penalty(options.r2, discriminator, batch.fakes(generator), batch.generated_labels)
        return terms

    def _penalty(self, gamma: float, discriminator: nn.Module, images: Tensor, labels: Tensor | None) -> Tensor:
        # A view, so not a leaf: torch's FlopCounterMode cannot differentiate by a leaf.
        images = images.detach().requires_grad_().view_as(images)
        logits = self.critique(discriminator, images, labels).logits
        (slopes,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
        return self.recipe.options.penalty_every * gamma / 2 * slopes.square().sum((1, 2, 3)).mean()

    def after_discriminator_step(self, discriminator: nn.Module) -> None:
        """Count the update. Its loss may have been computed in several parts."""
        self._updates += 1

    def state(self) -> State:
        """The number of updates so far."""
        return {"updates": self._updates}

    def load_state(self, state: State) -> None:
        """Continue counting from there."""
        updates = state["updates"]
        assert isinstance(updates, int)
        self._updates = updates
