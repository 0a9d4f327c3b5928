"""Feature matching (Salimans et al. 2016, section 3.1), which paper 4 suggests against its collapse."""

from torch import Tensor, nn

from ganvas.distributed.part import current_world
from ganvas.gans.recipe import Batch, Loss
from ganvas.settings.options import Options
from ganvas.tricks.trick import Trick


class FeatureMatching(Trick):
    """G learns to match the mean of D's features over real pictures: w ||E f(x) - E f(G(z))||^2 is added to its loss.

    f is the input of D's last layer. The square is a sum over all its values, thousands in the larger networks. The
    paper replaces G's objective by this term; here it is added to the recipe's.
    """

    order = 64

    @classmethod
    def is_enabled(cls, options: Options) -> bool:
        """Whether `feature_matching` is above 0."""
        return options.feature_matching > 0

    def generator_terms(
        self, generator: nn.Module, discriminator: nn.Module, batch: Batch, loss: Loss
    ) -> dict[str, Tensor]:
        """The squared distance of the mean features of the whole batch, weighted."""
        real = self.critique(discriminator, batch.images, batch.labels).features
        fake = self.critique(discriminator, batch.generated(generator), batch.generated_labels).features
        distance = current_world().mean(real.mean(0) - fake.mean(0)).square().sum()
        return {"feature_matching": self.recipe.options.feature_matching * distance}
