"""The non-saturating logistic GAN: the objective of DCGAN and of most recipes here.

Goodfellow et al. 2014, "Generative adversarial nets", equation 1, with the loss of section 3 for G. With targets t of 1
for real and 0 for generated pictures:

    D minimises  -E[log D(x)] - E[log(1 - D(G(z)))]
    G minimises  -E[log D(G(z))]

Label smoothing and noisy labels give D other targets: t_r for real and t_f for generated pictures, constants or drawn
from a range (`networks.losses.Targets`). G's loss stays as it is:

    D minimises  -E[t_r log D(x) + (1 - t_r) log(1 - D(x))] - E[t_f log D(G(z)) + (1 - t_f) log(1 - D(G(z)))]

A recipe whose networks are conditioned on the class c reads D(x, c) and G(z, c).
"""

from torch import Tensor, nn

from ganvas.gans.recipe import Batch, Loss, Recipe
from ganvas.networks.critique import Critique
from ganvas.networks.losses import logistic_real


class NonSaturatingGAN(Recipe):
    """Base of the recipes with this objective.

    Such a recipe states its networks and defaults. It may add terms over the same critiques, such as an auxiliary
    classifier's. Its discriminator returns a `Critique`.
    """

    has_targets = True

    def discriminator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """Cross-entropy with the targets, and the recipe's own terms.

        Real and generated pictures pass D in batches of their own: their BatchNorm statistics must not mix.
        """
        real: Critique = self.discriminate(discriminator, batch.images, batch.labels)
        fake: Critique = self.discriminate(discriminator, batch.fakes(generator), batch.generated_labels)
        targets = self.targets.terms(self.called_real(real.logits), fake.logits)
        terms = targets | self.discriminator_terms(real, fake, batch)
        return Loss(terms, real_logits=real.logits, fake_logits=fake.logits, class_logits=real.class_logits)

    def generator_loss(self, generator: nn.Module, discriminator: nn.Module, batch: Batch) -> Loss:
        """The non-saturating loss, and the recipe's own terms."""
        fake: Critique = self.discriminate(discriminator, batch.generated(generator), batch.generated_labels)
        terms = {"adversarial": self.adversarial_loss(fake.logits)} | self.generator_terms(fake, batch)
        return Loss(terms, class_logits=fake.class_logits)

    def called_real(self, real_logits: Tensor) -> Tensor:
        """The logits of the real pictures that D learns to call real, float [B'] of [B]; by default all of them."""
        return real_logits

    def adversarial_loss(self, fake_logits: Tensor) -> Tensor:
        """G's loss over the logits of its pictures, float [B]; a scalar."""
        return logistic_real(fake_logits)

    def discriminator_terms(self, real: Critique, fake: Critique, batch: Batch) -> dict[str, Tensor]:
        """Scalars that a recipe adds to D's loss, by name."""
        return {}

    def generator_terms(self, fake: Critique, batch: Batch) -> dict[str, Tensor]:
        """Scalars that a recipe adds to G's loss, by name."""
        return {}
