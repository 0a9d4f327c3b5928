"""What whoever trains on a dataset should mind, each with what to do about it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ganvas.data.survey import Survey

# The largest class has this many times the pictures of the smallest; or a centre crop leaves out this share; or this
# share of the pictures have a near-duplicate.
UNBALANCED, MUCH_CROPPED, MANY_TWINS = 3.0, 0.25, 0.02


def advice_on(survey: "Survey") -> list[str]:
    """What to mind, the gravest first; each a sentence or two without its full stop."""
    return [*_about_twins(survey), *_about_classes(survey), *_about_shapes(survey), *_about_rejects(survey)]


def _about_twins(survey: "Survey") -> list[str]:
    twins, found = survey.twins, []
    if twins is None:
        return ["the index has no checksums and no perceptual hashes, so copies could not be looked for"]
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
    if twins.pictures > MANY_TWINS * len(survey.data):
        found.append(
            f"{_pictures(twins.pictures)} {_have(twins.pictures)} a near-duplicate, which a generator sees all the "
            f"oftener; without {_counted(twins.spare, 'of them', 'of them')} every picture would be there once"
        )
    return found


def _about_classes(survey: "Survey") -> list[str]:
    if len(survey.kinds) < 2:
        return []
    largest, smallest = max(survey.kinds, key=len), min(survey.kinds, key=len)
    ratio = len(largest) / len(smallest)
    if ratio < UNBALANCED:
        return []
    return [
        f"{largest.name!r} has {ratio:.1f} times as many pictures as {smallest.name!r}; "
        "train with --set balanced_classes=true to show every class as often"
    ]


def _about_shapes(survey: "Survey") -> list[str]:
    shapes, found = survey.shapes, []
    if shapes is None:
        return []
    fit = survey.data.info.options.get("fit")
    if shapes.enlarged:
        found.append(
            f"{_pictures(shapes.enlarged)} {'is' if shapes.enlarged == 1 else 'are'} smaller than {survey.data.size} "
            "pixels and had to be enlarged, which blurs; a smaller --size would not"
        )
    if fit == "crop" and shapes.cropped > MUCH_CROPPED:
        found.append(
            f"cropping to a square cut off {shapes.cropped:.0%} of the average picture; --fit pad keeps all of it"
        )
    if fit == "squash" and shapes.cropped > MUCH_CROPPED:
        found.append("pictures that are far from square were squashed; --fit crop or --fit pad keeps their proportions")
    return found


def _about_rejects(survey: "Survey") -> list[str]:
    count = sum(map(len, survey.rejects or []))
    if count <= len(survey.data) // 20:
        return []
    were = "file was" if count == 1 else "files were"
    return [f"{count:,} {were} left out, next to {_pictures(len(survey.data))} that could be used"]


def _pictures(count: int) -> str:
    return _counted(count, "picture")


def _counted(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"
