"""What whoever trains on a dataset should mind, each with what to do about it."""

from collections.abc import Sequence

from ganvas.data.dataset.dataset import Dataset
from ganvas.data.survey.kinds import Kind
from ganvas.data.survey.rejected import Rejects
from ganvas.data.survey.shapes import Shapes
from ganvas.data.survey.twins import Twins

# The largest class has this many times the pictures of the smallest; or a centre crop leaves out this share; or this
# share of the pictures have a near-duplicate.
UNBALANCED, MUCH_CROPPED, MANY_TWINS = 3.0, 0.25, 0.02


def advice_on(
    data: Dataset, kinds: Sequence[Kind], shapes: Shapes | None, twins: Twins | None, rejects: Sequence[Rejects]
) -> list[str]:
    """What to mind, the gravest first; each a sentence or two without its full stop.

    Args:
        data: the dataset.
        kinds: its classes.
        shapes: the originals before they were fitted; None if nothing is known of them.
        twins: pictures that are there twice; None if they could not be looked for.
        rejects: the files left out.
    """
    return [
        *_about_twins(twins, len(data)),
        *_about_classes(kinds),
        *_about_shapes(shapes, data),
        *_about_rejects(rejects, len(data)),
    ]


def _about_twins(twins: Twins | None, pictures: int) -> list[str]:
    if twins is None:
        return ["the index has no checksums and no perceptual hashes, so copies could not be looked for"]
    found = []
    if twins.leaked:
        found.append(
            f"{_pictures(twins.leaked)} held back {_have(twins.leaked)} a near-duplicate in training, which makes "
            "tests too kind; prepare again with a fraction for --split, which keeps near-duplicates together unless "
            "--group says otherwise"
        )
    if twins.torn:
        found.append(
            f"{_counted(twins.torn, 'group')} of the column 'group' {_have(twins.torn)} pictures on both sides of the "
            "split"
        )
    if twins.conflicts:
        found.append(
            f"{_counted(len(twins.conflicts), 'group')} of near-duplicates {_have(len(twins.conflicts))} pictures of "
            "more than one class; at most one of these labels is what you mean"
        )
    if twins.pictures > MANY_TWINS * pictures:
        found.append(
            f"{_pictures(twins.pictures)} {_have(twins.pictures)} a near-duplicate, which a generator sees all the "
            f"oftener; without {_counted(twins.spare, 'of them', 'of them')} every picture would be there once"
        )
    return found


def _about_classes(kinds: Sequence[Kind]) -> list[str]:
    if len(kinds) < 2:
        return []
    largest, smallest = max(kinds, key=len), min(kinds, key=len)
    ratio = len(largest) / len(smallest)
    if ratio < UNBALANCED:
        return []
    return [
        f"{largest.name!r} has {ratio:.1f} times as many pictures as {smallest.name!r}; "
        "train with --set balanced_classes=true to show every class as often"
    ]


def _about_shapes(shapes: Shapes | None, data: Dataset) -> list[str]:
    if shapes is None:
        return []
    fit, found = data.info.options.get("fit"), []
    if shapes.enlarged:
        found.append(
            f"{_pictures(shapes.enlarged)} {'is' if shapes.enlarged == 1 else 'are'} smaller than {data.size} "
            "pixels and had to be enlarged, which blurs; a smaller --size would not"
        )
    if fit == "crop" and shapes.cropped > MUCH_CROPPED:
        found.append(
            f"cropping to a square cut off {shapes.cropped:.0%} of the average picture; --fit pad keeps all of it"
        )
    if fit == "squash" and shapes.cropped > MUCH_CROPPED:
        found.append("pictures that are far from square were squashed; --fit crop or --fit pad keeps their proportions")
    return found


def _about_rejects(rejects: Sequence[Rejects], pictures: int) -> list[str]:
    count = sum(map(len, rejects))
    if count <= pictures // 20:
        return []
    were = "file was" if count == 1 else "files were"
    return [f"{count:,} {were} left out, next to {_pictures(pictures)} that could be used"]


def _pictures(count: int) -> str:
    return _counted(count, "picture")


def _counted(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"
