"""What a sweep is, as data: everything in which its trials do not differ."""

from typing import Final, Literal, get_args

from pydantic import BaseModel, ConfigDict

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.dataset.labels import label_column, labels_digest
from ganvas.data.dataset.layout import TRAIN
from ganvas.foundation.errors import ConfigError
from ganvas.planning.plan import check
from ganvas.settings.budget import Amount
from ganvas.settings.ranges import Range, Value, Values, Varied

Pruner = Literal["median", "hyperband", "none"]
PRUNERS: Final[tuple[Pruner, ...]] = get_args(Pruner)

# Settings that the sweep decides for all trials, and why `--set` cannot.
_OWN: Final = {
    "eval_every": "set the number of evaluations with --evaluations",
    "quality": "it chooses options by the measured speed, which differs between machines",
    "on_trouble": "trials that collapse, diverge or memorise are always ended",
}


class SweepPlan(BaseModel):
    """The content of `sweep.json`, and of the study in the storage.

    Attributes:
        data: the dataset directory, which may lie elsewhere on another machine.
        fingerprint: identifies the content of the dataset.
        labels: the digest of the class column, if `changes` names one.
        recipe: the recipe's name, or module:Class.
        space: what is varied, by option, as a file of ranges states it.
        kimg: thousands of real pictures that D sees in a whole trial.
        evaluations: of a whole trial, evenly spaced over its pictures.
        seed: of every training, and of the suggestions.
        pruner: how a trial is compared with the others.
        changes: settings and options of all trials that differ from the recipe's defaults.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str
    fingerprint: str
    labels: str | None = None
    recipe: str
    space: dict[str, dict[str, Value] | list[Value]]
    kimg: float
    evaluations: int
    seed: int
    pruner: Pruner
    changes: dict[str, object] = {}

    @property
    def every(self) -> float:
        """The distance of evaluations in kimg."""
        return self.kimg / self.evaluations

    @property
    def ranges(self) -> dict[str, Varied]:
        """What is varied, by option."""
        return {
            key: Values(tuple(each)) if isinstance(each, list) else Range(**each)  # type: ignore[arg-type]  # as it was written
            for key, each in self.space.items()
        }

    def settings(self, values: dict[str, Value]) -> dict[str, object]:
        """The settings and options of a trial with these values."""
        return {
            **self.changes,
            **values,
            "budget": Amount(self.kimg, "kimg"),
            "eval_every": Amount(self.every, "kimg"),
            "seed": self.seed,
            "on_trouble": "warn",
        }


def make_plan(
    data: str,
    recipe: str,
    ranges: dict[str, Varied],
    budget: str,
    evaluations: int,
    seed: int,
    pruner: Pruner,
    changes: dict[str, object],
) -> SweepPlan:
    """Check what all trials have in common, since an error would otherwise come with every trial.

    Raises:
        GanvasError: the dataset, the recipe or an option does not exist, or they do not fit each other.
    """
    for key in _OWN.keys() & changes.keys():
        raise ConfigError(f"{key} is the same for all trials of a sweep: {_OWN[key]}")
    if pruner not in PRUNERS:
        raise ConfigError(f"pruner={pruner!r}: choose from: {', '.join(PRUNERS)}")
    dataset, column = Dataset.open(data), changes.get("label_column")
    plan = SweepPlan(
        data=str(dataset.path.resolve()),
        fingerprint=dataset.fingerprint,
        labels=labels_digest(dataset, label_column(dataset, str(column))) if column else None,
        recipe=recipe,
        space={key: each.plain() for key, each in ranges.items()},
        kimg=_kimg(budget, dataset.splits[TRAIN]),
        evaluations=evaluations,
        seed=seed,
        pruner=pruner,
        changes=changes,
    )
    checked = check(plan.data, recipe, plan.settings({}))
    if not checked.config.settings.eval_samples:
        raise ConfigError("a sweep compares trials by their evaluations, and eval_samples=0 disables them")
    return plan


def _kimg(budget: str, pictures: int) -> float:
    """A budget in thousands of pictures."""
    amount = Amount.parse(budget)
    if amount.unit not in ("kimg", "epochs"):
        raise ConfigError(
            f"--budget {budget}: trials are compared when they have seen as many pictures; write kimg or epochs, such "
            "as 100kimg"
        )
    return amount.images(img_per_s=0, dataset_size=pictures, images_per_step=0) / 1000
