"""The first stage of a run that enlarges its pictures: which snapshot it is, and whether it fits the dataset."""

from typing import TYPE_CHECKING

from ganvas import baselines
from ganvas.artist.artist import find_snapshot
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.layout import TRAIN
from ganvas.foundation.errors import ConfigError, RunError
from ganvas.foundation.paths import user_path
from ganvas.gans.brushwork import BrushworkOptions, FirstStage
from ganvas.runs.snapshot import Snapshot, read_card
from ganvas.settings.config import RunConfig, resolve

if TYPE_CHECKING:
    from ganvas.training.step import Weights

# The large picture as a multiple of the small one.
FACTORS = (2, 4, 8)


def with_first_stage(config: RunConfig) -> RunConfig:
    """The configuration with what the first stage is, and with its latents, if the recipe has a first stage.

    A configuration that says it already, such as that of a resumed run, stays as it is.

    Raises:
        ConfigError: none is named.
        RunError: there is no such run or snapshot, or it cannot be read.
    """
    own = config.options
    if not isinstance(own, BrushworkOptions) or own.first_stage != FirstStage():
        return config
    if not own.first:
        raise ConfigError(
            f"recipe {config.recipe} enlarges the pictures of a trained generator: name its run with --enlarge"
        )
    path = find_snapshot(user_path(own.first)).resolve()
    card = read_card(path)
    if card.recipe in baselines.names() or "first_stage" in card.options:
        raise ConfigError(
            f"first: {path} is of {card.recipe}, which cannot be a first stage; train another recipe, such as atelier"
        )
    stage = {
        "recipe": card.recipe,
        "options": card.options,
        "size": card.size,
        "class_names": card.class_names,
        "digest": Snapshot.load(path).digest,
    }
    latents = {key: card.options[key] for key in ("latent_dim", "latent") if key in card.options}
    changes = {"first": str(path), "first_stage": stage} | latents
    return resolve(config.recipe, own, config.settings.model_dump() | changes)


def check_first_stage(config: RunConfig, data: Dataset) -> None:
    """Refuse a dataset that the second stage cannot learn from.

    Raises:
        ConfigError: its pictures are not two, four or eight times as large as those of the first stage, or some were
            enlarged when they were prepared, or its classes are others.
    """
    if not isinstance(config.options, BrushworkOptions):
        return
    stage, size = config.options.first_stage, data.size
    if size not in [factor * stage.size for factor in FACTORS]:
        larger = ", ".join(str(factor * stage.size) for factor in FACTORS)
        raise ConfigError(
            f"first: it paints {stage.size} px, which can become {larger} px, but the pictures of {data.path} have "
            f"{size} px: prepare them with another --size"
        )
    if stage.class_names and stage.class_names != data.class_names:
        raise ConfigError(
            f"first: it paints the classes {', '.join(stage.class_names)}, but those of {data.path} are "
            f"{', '.join(data.class_names) or 'none'}: train both stages on the same dataset"
        )
    _refuse_enlarged(data)


def _refuse_enlarged(data: Dataset) -> None:
    """Refuse pictures whose originals were smaller: their detail is that of a resampling filter."""
    rows = data.index.iloc[data.rows(TRAIN)]
    if not {"width", "height"} <= set(rows.columns):
        return
    sides = rows[["width", "height"]].min(axis=1)
    if few := int((sides < data.size).sum()):
        raise ConfigError(
            f"{data.path}: the originals of {few:,} of {len(rows):,} training pictures are smaller than {data.size} px "
            f"(the smallest side is {int(sides.min())} px), so they cannot teach its detail: leave them out with "
            f"ganvas prepare --size {data.size} --smallest-side {data.size}, or prepare a smaller --size"
        )


def first_weights(config: RunConfig) -> "Weights":
    """The weights of the first stage, for a run that starts; empty for a recipe without one.

    Raises:
        RunError: the snapshot cannot be read, or is not the one that the configuration describes.
    """
    own = config.options
    if not isinstance(own, BrushworkOptions):
        return {}
    snapshot = Snapshot.load(find_snapshot(user_path(own.first)))
    if snapshot.digest != own.first_stage.digest:
        raise RunError(f"first: {own.first} has changed since this configuration was written: name it with --enlarge")
    weights = snapshot.generator.state_dict()
    return {"generator.first": weights, "average.first": weights}
