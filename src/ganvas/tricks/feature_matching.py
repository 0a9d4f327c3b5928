"""Feature matching (Salimans et al. 2016, section 3.1), one of the cures that paper 4 names for its collapse."""

from torch import Tensor, nn

from ganvas.gans.recipe import Batch
from ganvas.settings.options import Options
from ganvas.tricks.trick import Trick


class FeatureMatching(Trick):
    """G is to meet the mean of D's features over real pictures: its loss gains w ||E f(x) - E f(G(z))||^2.

    f is what D's last layer sees, and the square a sum over all of it, thousands of values in the larger networks. The
    paper replaces G's objective by the term; here it joins the recipe's.
    """

    order = 64

    @classmethod
    def is_wanted(cls, options: Options) -> bool:
        """Whether `feature_matching` is above 0."""
        return options.feature_matching > 0

    def generator_terms(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """The squared distance of the batch's mean features, weighted."""
        real = self.recipe.judge(discriminator, batch.images, batch.labels).features
        fake = self.recipe.judge(discriminator, batch.generated(generator), batch.wanted).features
        distance = (real.mean(0) - fake.mean(0)).square().sum()
        return {"feature_matching": self.recipe.options.feature_matching * distance}
