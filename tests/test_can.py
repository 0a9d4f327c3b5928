"""Paper 4's creative adversarial network: its shapes, its output map, and the style ambiguity that reaches G."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import ganvas
from ganvas.foundation.errors import ConfigError
from ganvas.gans.can import CAN
from ganvas.gans.recipe import Batch, Spec
from ganvas.networks import can
from ganvas.networks.losses import one_vs_rest, style_ambiguity
from ganvas.planning.run import train
from ganvas.runs.snapshot import Snapshot, read_card, save
from ganvas.settings.config import read_config, resolve
from support.command_line import Cli
from support.datasets import write_dataset
from support.runs import TINY

SPEC = Spec(16, classes=3)


def tiny(**changes: Any) -> CAN:
    """A narrow CAN with the paper's layers and losses."""
    paper = {"output_map": "picture", "normalisation": "none", "class_loss": "true-class"}
    changes = paper | {"width": 2, "batch_size": 4, "latent_dim": 6} | changes
    return CAN(resolve("can", CAN.defaults, changes).options)


def batch_of(recipe: CAN) -> Batch:
    return recipe.batch(torch.rand(4, 3, 16, 16) * 2 - 1, torch.randn(4, 6), torch.tensor([0, 1, 2, 0]))


def shapes(network: nn.Module, kinds: tuple[type[nn.Module], ...], given: torch.Tensor) -> list[tuple[int, ...]]:
    found: list[tuple[int, ...]] = []
    for module in network.modules():
        if isinstance(module, kinds):
            module.register_forward_hook(lambda _m, _i, out: found.append(tuple(out.shape[1:])))
    network(given)
    return found


# ---- networks ---------------------------------------------------------------------------------------------------


def test_the_discriminator_has_the_papers_stages() -> None:
    network = CAN(CAN.defaults).build(Spec(64, classes=7))[1]
    found = shapes(network, (nn.AvgPool2d, nn.Linear), torch.randn(2, 3, 64, 64))
    assert found == [(32, 32, 32), (64, 16, 16), (128, 8, 8), (1024,), (1,), (1024,), (7,)]
    assert all(network.get_submodule(f"{stack}.0").in_features == 8192 for stack in ("origin", "classes"))
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())


def test_the_generator_has_the_papers_stages() -> None:
    found = shapes(can.Generator(64), (nn.Linear, nn.Unflatten, nn.ConvTranspose2d), torch.randn(2, 100))
    assert found == [(1024,), (8192,), (8, 8, 128), (64, 16, 16), (32, 32, 32), (3, 64, 64)]


@pytest.mark.parametrize("size", can.SIZES)
def test_every_size_fits_together(size: int) -> None:
    generator, discriminator = tiny(width=1).build(Spec(size, classes=3))
    critique = discriminator(generator(torch.randn(2, 6)))
    assert (critique.logits.shape, critique.class_logits.shape) == ((2,), (2, 3))


def test_each_picture_is_mapped_onto_the_range_of_the_sigmoid() -> None:
    torch.manual_seed(0)
    values = torch.randn(3, 3, 8, 8) * torch.tensor([0.01, 1, 100])[:, None, None, None] + 5
    mapped = can.MapPictures()(values)
    assert torch.allclose(mapped.amin((1, 2, 3)), torch.full((3,), -4.0))
    assert torch.allclose(mapped.amax((1, 2, 3)), torch.full((3,), 4.0), atol=1e-4)
    # Linear: what lies halfway stays halfway.
    middle = (values.amin((1, 2, 3)) + values.amax((1, 2, 3))) / 2
    values[:, 0, 0, 0] = middle
    assert torch.allclose(can.MapPictures()(values)[:, 0, 0, 0], torch.zeros(3), atol=1e-3)
    assert can.MapPictures()(torch.ones(1, 3, 8, 8)).isfinite().all()


def test_pictures_reach_from_one_end_of_the_rescaled_sigmoid_to_the_other() -> None:
    pictures = can.Generator(16, 6, 2)(torch.randn(5, 6))
    edge = 2 / (1 + math.exp(-4)) - 1
    assert torch.allclose(pictures.amin((1, 2, 3)), torch.full((5,), -edge), atol=1e-4)
    assert torch.allclose(pictures.amax((1, 2, 3)), torch.full((5,), edge), atol=1e-4)


@pytest.mark.parametrize(
    ("output_map", "low", "high"),
    [("picture", -4.0, 4.0), ("batch", -4.0, 4.0), ("bounded", -4.0, 4.0), ("scaled", -0.5, 0.5), ("none", -1.0, 1.0)],
)
def test_output_maps(output_map: str, low: float, high: float) -> None:
    generator = tiny(output_map=output_map, output_scale=0.5).build(SPEC)[0]
    assert isinstance(generator, can.Generator)
    values = torch.linspace(-1, 1, 2 * 3 * 16 * 16).reshape(2, 3, 16, 16)
    # tanh of large values reaches its bounds.
    mapped = generator.output_map(100 * values if output_map == "bounded" else values)
    assert (mapped.min().item(), mapped.max().item()) == pytest.approx((low, high), abs=1e-4)


def test_a_batch_is_mapped_by_one_map_and_later_by_its_running_range() -> None:
    together = can.MapBatch()
    values = torch.stack([torch.linspace(-1, 1, 48), torch.linspace(-0.5, 0.5, 48)]).reshape(2, 3, 4, 4)
    mapped = together(values)
    assert mapped[0].max().item() == pytest.approx(4)
    assert mapped[1].max().item() == pytest.approx(2)
    for _ in range(200):
        together(3 * values)
    together.eval()
    assert torch.allclose(together(values[:1]), together(values)[:1])
    assert together(3 * values).max().item() == pytest.approx(4, rel=1e-3)


def test_five_layers_are_the_texts() -> None:
    generator, discriminator = CAN(resolve("can", CAN.defaults, {"depth": 5}).options).build(Spec(64, classes=7))
    maps = shapes(generator, (nn.ConvTranspose2d,), torch.randn(2, 100))
    assert maps == [(256, 4, 4), (128, 8, 8), (64, 16, 16), (32, 32, 32), (3, 64, 64)]
    assert shapes(discriminator, (nn.AvgPool2d,), torch.randn(2, 3, 64, 64))[-1] == (512, 2, 2)
    with pytest.raises(ConfigError, match="depth=5 needs pictures of at least 32 pixels, not 16; choose depth=3"):
        tiny(depth=5).build(SPEC)


def test_layers_that_the_paper_tried_or_its_source_has() -> None:
    _, discriminator = tiny(activation="relu", pool="max", normalisation="generator").build(SPEC)
    kinds = {type(module) for module in discriminator.modules()}
    assert {nn.ReLU, nn.MaxPool2d} <= kinds
    assert not {nn.LeakyReLU, nn.AvgPool2d, nn.BatchNorm2d} & kinds
    generator, discriminator = tiny(normalisation="both").build(SPEC)
    normalised = [[m for m in net.modules() if isinstance(m, nn.BatchNorm2d)] for net in (generator, discriminator)]
    assert list(map(len, normalised)) == [3, 2]


def test_a_dense_generator_meets_the_convolutional_discriminator() -> None:
    generator, discriminator = CAN(resolve("can", CAN.defaults, {"generator": "mlp"}).options).build(Spec(16, 3))
    assert [m.out_features for m in generator.modules() if isinstance(m, nn.Linear)] == [1024, 16 * 16 * 3]
    assert discriminator(generator(torch.randn(2, 100))).class_logits.shape == (2, 3)


def test_the_discriminator_alone_can_be_narrow() -> None:
    generator, discriminator = tiny(width=4, d_width=2).build(SPEC)
    reference = tiny(width=4).build(SPEC)[0], tiny(width=2).build(SPEC)[1]
    for network, same in zip((generator, discriminator), reference, strict=True):
        assert [w.shape for w in network.parameters()] == [w.shape for w in same.parameters()]


# ---- objectives -------------------------------------------------------------------------------------------------


def test_the_ambiguity_is_the_formula() -> None:
    # Probabilities 0.5 and 0.2 of picture 1, and 0.9 and 0.5 of picture 2; C = 2.
    logits = torch.tensor([[0.5, 0.2], [0.9, 0.5]]).logit()
    first = 0.5 * math.log(0.5) + 0.5 * math.log(0.5) + 0.5 * math.log(0.2) + 0.5 * math.log(0.8)
    second = 0.5 * math.log(0.9) + 0.5 * math.log(0.1) + 0.5 * math.log(0.5) + 0.5 * math.log(0.5)
    assert style_ambiguity(logits).item() == pytest.approx(-(first + second) / 2)


@pytest.mark.parametrize("classes", [2, 5])
def test_the_ambiguity_is_least_where_every_style_has_its_share(classes: int) -> None:
    torch.manual_seed(0)
    share = torch.full((1, classes), 1 / classes)
    least = style_ambiguity(share.logit())
    assert all(style_ambiguity(share.logit() + 0.3 * torch.randn(1, classes)) > least for _ in range(20))
    logits = share.logit().requires_grad_()
    (gradient,) = torch.autograd.grad(style_ambiguity(logits), logits)
    assert gradient.abs().max() < 1e-6


def test_the_ambiguity_alone_moves_every_weight_of_the_generator() -> None:
    torch.manual_seed(0)
    recipe = tiny()
    generator, discriminator = recipe.build(SPEC)
    discriminator.requires_grad_(False)
    torch.autograd.backward(recipe.generator_loss(generator, discriminator, batch_of(recipe)).terms["ambiguity"])
    assert all(weight.grad is not None and weight.grad.any() for weight in generator.parameters())


def test_ds_style_loss_is_over_the_true_style_or_over_all() -> None:
    torch.manual_seed(0)
    recipe = tiny()
    generator, discriminator = recipe.build(SPEC)
    batch = batch_of(recipe)
    probabilities = discriminator(batch.images).class_logits.sigmoid()
    true = probabilities[torch.arange(4), batch.labels]
    expected = -true.log().mean().item()
    loss = recipe.discriminator_loss(generator, discriminator, batch)
    assert loss.terms["class"].item() == pytest.approx(expected, rel=1e-4)
    others = (1 - probabilities).log().sum(1) - (1 - true).log()
    every = tiny(class_loss="one-vs-rest").discriminator_loss(generator, discriminator, batch)
    assert every.terms["class"].item() == pytest.approx(expected - others.mean().item(), rel=1e-4)


def test_the_style_loss_over_all_asks_for_a_no_as_well() -> None:
    labels = torch.tensor([1])
    everything, right = torch.tensor([[9.0, 9.0, 9.0]]), torch.tensor([[-9.0, 9.0, -9.0]])
    assert one_vs_rest(everything, labels) > 10
    assert one_vs_rest(right, labels) < 0.01


@pytest.mark.parametrize("form", ["saturating", "non-saturating"])
def test_both_forms_of_gs_loss(form: str) -> None:
    torch.manual_seed(0)
    recipe = tiny(g_loss=form)
    generator, discriminator = recipe.build(SPEC)
    batch = batch_of(recipe)
    probability = discriminator(batch.generated(generator)).logits.sigmoid()
    expected = (1 - probability).log().mean() if form == "saturating" else -probability.log().mean()
    loss = recipe.generator_loss(generator, discriminator, batch)
    assert loss.terms["adversarial"].item() == pytest.approx(expected.item(), rel=1e-4)


def test_weights_of_the_terms() -> None:
    torch.manual_seed(0)
    generator, discriminator = tiny().build(SPEC)
    batch = batch_of(tiny())
    plain = tiny().discriminator_loss(generator, discriminator, batch).terms["class"]
    assert tiny(class_weight=0.25).discriminator_loss(generator, discriminator, batch).terms["class"] == plain / 4
    ambiguity = style_ambiguity(discriminator(batch.generated(generator)).class_logits)
    for weight in (1.0, 0.0, -2.0):
        loss = tiny(ambiguity_weight=weight).generator_loss(generator, discriminator, batch)
        assert loss.terms["ambiguity"].item() == pytest.approx(weight * ambiguity.item(), rel=1e-5)


def test_equation_2_lets_d_maximise_what_g_minimises() -> None:
    torch.manual_seed(0)
    recipe = tiny(ambiguity_in_d=True, ambiguity_weight=0.5)
    generator, discriminator = recipe.build(SPEC)
    batch = batch_of(recipe)
    ds = recipe.discriminator_loss(generator, discriminator, batch).terms["ambiguity"]
    gs = recipe.generator_loss(generator, discriminator, batch).terms["ambiguity"]
    assert ds.item() == pytest.approx(-gs.item(), rel=1e-5)
    assert "ambiguity" not in tiny().discriminator_loss(generator, discriminator, batch).terms


def test_styles_and_realness_have_minibatches_of_their_own() -> None:
    torch.manual_seed(0)
    recipe = tiny(style_batch="own")
    generator, discriminator = recipe.build(SPEC)
    batch = batch_of(recipe)
    loss = recipe.discriminator_loss(generator, discriminator, batch)
    critique = discriminator(batch.images)
    assert batch.labels is not None
    named = critique.class_logits[2:].gather(1, batch.labels[2:, None])
    assert loss.terms["real"].item() == pytest.approx(F.softplus(-critique.logits[:2]).mean().item(), rel=1e-4)
    assert loss.terms["class"].item() == pytest.approx(F.softplus(-named).mean().item(), rel=1e-4)


# ---- the recipe -------------------------------------------------------------------------------------------------


def test_the_papers_figures_are_defaults_or_one_option_away() -> None:
    options = resolve("can", CAN.defaults, {}).options
    assert (options.d_steps, options.g_steps, options.latent_dim) == (1, 2, 100)
    paper = {key: value for choice in CAN.choices for key, value in choice.instead.items()}
    assert paper.items() >= {"batch_size": "200", "g_lr": "0.001", "d_lr": "0.0001", "class_loss": "true-class"}.items()
    for key, value in paper.items():
        changed = resolve("can", CAN.defaults, {key: value}).options
        assert getattr(changed, key) != getattr(options, key), key
        CAN(changed).build(Spec(32, classes=3))


def test_runs_of_versions_with_fewer_options_are_rebuilt_as_they_were(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", classes=3)
    then = {"output_map": "picture", "normalisation": "none"}
    train(data, tmp_path / "run", "can", **(TINY | then | {"budget": "3steps"}))
    painted = ganvas.load(tmp_path / "run").sample(3)
    for file in (tmp_path / "run/snapshots").iterdir():
        card = read_card(file)
        former = {key: value for key, value in card.options.items() if key not in then}
        save(file, Snapshot.load(file).generator, card.model_copy(update={"options": former}))
    assert np.array_equal(ganvas.load(tmp_path / "run").sample(3), painted)


def test_the_record_of_a_version_with_fewer_options_repeats_its_run(tmp_path: Path, cli: Cli) -> None:
    data = write_dataset(tmp_path / "data", classes=3)
    then = {"output_map": "picture", "normalisation": "none"}
    train(data, tmp_path / "run", "can", **(TINY | then | {"budget": "3steps"}))
    record = tmp_path / "run/config.yaml"
    record.write_text(
        "".join(line for line in record.read_text("utf-8").splitlines(True) if line.split(":")[0].strip() not in then)
    )
    cli("train", data, "--config", record, "--out", "again", check=True)
    assert read_config(tmp_path / "again/config.yaml")[1].items() >= then.items()
    assert np.array_equal(ganvas.load(tmp_path / "again").sample(3), ganvas.load(tmp_path / "run").sample(3))


def test_it_learns_from_classes_but_is_told_none(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", classes=3)
    train(data, tmp_path / "run", "can", **(TINY | {"budget": "3steps"}))
    artist = ganvas.load(tmp_path / "run")
    assert artist.class_names == []
    assert np.ptp(artist.sample(3)) > 10
