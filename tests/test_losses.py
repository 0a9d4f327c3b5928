import math

import pytest
import torch

from ganvas.networks.losses import logistic_fake, logistic_real
from support.narrowing import not_none


def test_both_terms_are_the_cross_entropy_of_equation_1() -> None:
    logits = torch.tensor([-2.0, 0.0, 3.0])
    probability = torch.sigmoid(logits)
    assert logistic_real(logits) == pytest.approx(-probability.log().mean().item())
    assert logistic_fake(logits) == pytest.approx(-(1 - probability).log().mean().item())
    assert logistic_real(torch.zeros(4)) == pytest.approx(math.log(2))


def test_extreme_logits_stay_finite_with_a_gradient() -> None:
    logits = torch.tensor([-1e4, 1e4], requires_grad=True)
    torch.autograd.backward(logistic_real(logits))
    gradient = not_none(logits.grad)
    assert torch.isfinite(gradient).all()
    assert gradient.tolist() == [-0.5, 0.0]
