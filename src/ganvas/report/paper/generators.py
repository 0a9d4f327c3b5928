"""Drawings of what a generator has learned, and of what its discriminator sees."""

from ganvas.artist.artist import load
from ganvas.foundation.errors import RunError
from ganvas.papers.drawings import (
    ActivationMaps,
    Interpolation,
    Judged,
    LeastReal,
    MostReal,
    Neighbours,
    Reduction,
    SameLatents,
)
from ganvas.report.paper.blocks import Block, Gallery, Note, Tile, tile
from ganvas.report.paper.reproduction import Reproduction
from ganvas.report.run import discriminator, latents, neighbours
from ganvas.report.run import reduction as reductions

# Generated pictures of each run to judge.
JUDGED = 12


def activation_maps(drawing: ActivationMaps, done: Reproduction) -> list[Block]:
    """The maps of two convolutions of D for a training picture, after their activation functions."""
    fields = discriminator.activations(done.models(drawing.run))
    tiles = [Tile(fields["picture"], fields["caption"])]
    tiles += [
        Tile(layer, f"{layer['name']}: {layer['shown']} of {layer['count']} maps of {layer['side']} x {layer['side']}")
        for layer in fields["layers"]
    ]
    return [Gallery(tiles)]


def reduction(drawing: Reduction, done: Reproduction) -> list[Block]:
    """A training picture as it was, and at the size at which D sees it."""
    fields = reductions.reduction(done.models(drawing.run))
    if fields is None:
        raise RunError(f"the sizes of the original pictures of {drawing.run} are not known")
    side = fields["side"]
    tiles = [Tile(fields["picture"], f"{side} x {side} x 3 = {fields['after']:,} values")]
    if fields["original"] is not None:
        caption = f"the original, {fields['width']:,} x {fields['height']:,} x 3 = {fields['before']:,} values"
        tiles.insert(0, Tile(fields["original"], caption))
    notes = [f"Originals have {fields['mean']:,.0f} values on average."]
    if (layer := fields["layer"]) is not None:
        notes.append(f"The first convolution of D has {layer['count']:,} parameters, for pictures of any size.")
    return [Gallery(tiles), Note(" ".join(notes))]


def interpolation(drawing: Interpolation, done: Reproduction) -> list[Block]:
    """Rows of pictures between two latents, linear in each dimension as in paper 3, and on the sphere."""
    ways = latents.interpolations(done.models(drawing.run))["ways"]
    return [
        Gallery([Tile(strip, strip["name"] or "") for strip in ways[heading]], "row", heading)
        for heading in sorted(ways)
    ]


def same_latents(drawing: SameLatents, done: Reproduction) -> list[Block]:
    """A row for each class, with the same latents."""
    fields = latents.labels(done.models(drawing.run))
    if fields is None:
        raise RunError(f"{drawing.run} was trained without classes")
    return [Gallery([Tile(strip, strip["name"]) for strip in fields["strips"]], "row")]


def most_real(drawing: MostReal, done: Reproduction) -> list[Block]:
    """The pictures of each class that D finds most real."""
    return _ranked(done, drawing.run, "Most real")


def least_real(drawing: LeastReal, done: Reproduction) -> list[Block]:
    """The pictures of each class that D is surest are generated."""
    return _ranked(done, drawing.run, "Least real")


def _ranked(done: Reproduction, key: str, end: str) -> list[Block]:
    fields = discriminator.ranking(done.models(key))
    blocks: list[Block] = [
        Gallery(
            [Tile(each["picture"], each["score"]) for each in ranking["ends"][end]],
            "small",
            ranking["name"] or "",
        )
        for ranking in fields["rankings"]
    ]
    what = "D's probability that it is real" if fields["is_probability"] else "D's score, which is not a probability"
    each = " of each class" if len(blocks) > 1 else ""
    return [*blocks, Note(f"Of {fields['count']:,} generated pictures{each}. Under each picture is {what}.")]


def nearest(drawing: Neighbours, done: Reproduction) -> list[Block]:
    """Generated pictures next to their nearest training pictures, by L1 over all pixels and by features."""
    fields = neighbours.neighbours(done.models(drawing.run))
    if "cards" not in fields:
        raise RunError(str(fields["missing"]))
    blocks: list[Block] = []
    for card in fields["cards"][: fields["first"]]:
        tiles = [Tile(card["picture"], f"generated: {card['caption']}")]
        tiles += [
            Tile(near["picture"], f"nearest {how}, distance {near['distance']:.3g}")
            for how, near in card["near"].items()
        ]
        blocks.append(Gallery(tiles))
    return [*blocks, Note("The generated pictures are the first ones, without selection.")]


def judged(drawing: Judged, done: Reproduction) -> list[Block]:
    """Generated pictures with the class that a classifier gives them."""
    classifier = done.evaluation(drawing.classifier).classifier
    blocks: list[Block] = []
    for key in drawing.runs:
        pictures = load(done.run_path(key)).sample(JUDGED)
        probabilities = classifier.probabilities(pictures)
        tiles = [
            tile(picture, f"{classifier.class_names[row.argmax()]} {row.max():.2f}", "small")
            for picture, row in zip(pictures, probabilities, strict=True)
        ]
        blocks.append(Gallery(tiles, "small", done.paper.experiment(key).title))
    return blocks
