"""Warnings about a dataset for those who train on it, and what to do about each."""

from collections.abc import Sequence

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.survey.classes import ClassRows
from ganvas.data.survey.near_duplicates import NearDuplicates
from ganvas.data.survey.rejected import RejectedFiles
from ganvas.data.survey.shapes import Shapes

# Warn if the largest class has this many times the pictures of the smallest,
UNBALANCED = 3.0
# if a centre crop leaves out this share of the average picture,
MUCH_CROPPED = 0.25
# or if this share of the pictures has a near-duplicate.
MANY_NEAR_DUPLICATES = 0.02


def advice_on(
    data: Dataset,
    classes: Sequence[ClassRows],
    shapes: Shapes | None,
    near_duplicates: NearDuplicates | None,
    rejected: Sequence[RejectedFiles],
) -> list[str]:
    """The warnings, the most serious first; each is a sentence or two without its full stop.

    Args:
        data: the dataset.
        classes: its classes.
        shapes: the original sizes; None if they are not known.
        near_duplicates: None if they could not be looked for.
        rejected: the files left out, by reason.
    """
    return [
        *_about_near_duplicates(near_duplicates, len(data)),
        *_about_classes(classes),
        *_about_shapes(shapes, data),
        *_about_rejected(rejected, len(data)),
    ]


def _about_near_duplicates(near_duplicates: NearDuplicates | None, pictures: int) -> list[str]:
    if near_duplicates is None:
        return ["the index has no checksums and no perceptual hashes, so copies could not be looked for"]
    warnings = []
    if leaked := near_duplicates.leaked:
        warnings.append(
            f"{_pictures(leaked)} held back {_have(leaked)} a near-duplicate in training, so test scores are too good; "
            "prepare again with a fraction for --split, which keeps near-duplicates together unless --group says "
            "otherwise"
        )
    if divided := near_duplicates.divided_groups:
        warnings.append(
            f"{_counted(divided, 'group')} of the column 'group' {_have(divided)} pictures on both sides of the split"
        )
    if conflicts := len(near_duplicates.conflicts):
        warnings.append(
            f"{_counted(conflicts, 'group')} of near-duplicates {_have(conflicts)} pictures of more than one class; "
            "at most one of these labels is right"
        )
    if near_duplicates.pictures > MANY_NEAR_DUPLICATES * pictures:
        redundant = near_duplicates.redundant
        warnings.append(
            f"{_pictures(near_duplicates.pictures)} {_have(near_duplicates.pictures)} a near-duplicate, so a generator "
            f"sees them more often than the others; remove {redundant:,} of them to keep one of each"
        )
    return warnings


def _about_classes(classes: Sequence[ClassRows]) -> list[str]:
    if len(classes) < 2:
        return []
    largest, smallest = max(classes, key=len), min(classes, key=len)
    ratio = len(largest) / len(smallest)
    if ratio < UNBALANCED:
        return []
    return [
        f"{largest.name!r} has {ratio:.1f} times as many pictures as {smallest.name!r}; "
        "train with --set balanced_classes=true to show all classes equally often"
    ]


def _about_shapes(shapes: Shapes | None, data: Dataset) -> list[str]:
    if shapes is None:
        return []
    fit, warnings = data.info.options.get("fit"), []
    if shapes.enlarged:
        warnings.append(
            f"{_pictures(shapes.enlarged)} {'is' if shapes.enlarged == 1 else 'are'} smaller than {data.size} "
            "pixels and had to be enlarged, which blurs; a smaller --size avoids this"
        )
    if fit == "crop" and shapes.cropped > MUCH_CROPPED:
        warnings.append(
            f"cropping to a square cut off {shapes.cropped:.0%} of the average picture; --fit pad keeps all of it"
        )
    if fit == "squash" and shapes.cropped > MUCH_CROPPED:
        warnings.append(
            "pictures that are far from square were squashed; --fit crop or --fit pad keeps their proportions"
        )
    return warnings


def _about_rejected(rejected: Sequence[RejectedFiles], pictures: int) -> list[str]:
    count = sum(map(len, rejected))
    if count <= pictures // 20:
        return []
    were = "file was" if count == 1 else "files were"
    return [f"{count:,} {were} left out, next to {_pictures(pictures)} that could be used"]


def _pictures(count: int) -> str:
    return _counted(count, "picture")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun if count == 1 else noun + 's'}"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"
