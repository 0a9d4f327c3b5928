"""The sections of the run page that are painted, asked and measured when it is written."""

from collections.abc import Callable

from ganvas.foundation.errors import GanvasError
from ganvas.report.html import Fields
from ganvas.report.run import latents, neighbours, ranking
from ganvas.report.run.generator import Studio
from ganvas.report.run.run import Run

# What is said while a section is made, and what makes it, in the order of the page.
SECTIONS: dict[str, tuple[str, Callable[[Studio], Fields | None]]] = {
    "interpolations": ("painting the ways between pictures", latents.interpolations),
    "labels": ("painting the same latents under every label", latents.labels),
    "ranking": ("asking the discriminator", ranking.ranking),
    "activations": ("looking into the discriminator", ranking.activations),
    "neighbours": ("looking for the nearest training pictures", neighbours.neighbours),
}


def sections(run: Run, say: Callable[[str], None]) -> dict[str, Fields | None]:
    """The sections of a run; where one cannot be made, it is a note that says why ("missing").

    Args:
        run: the run.
        say: told what is made, a line a section.
    """
    try:
        studio = Studio.open(run)
    except GanvasError as error:
        return {"interpolations": {"missing": str(error)}}
    made: dict[str, Fields | None] = {}
    for name, (line, make) in SECTIONS.items():
        say(line)
        try:
            section = make(studio)
            made[name] = None if section is None else {"missing": None, **section}
        except GanvasError as error:
            made[name] = {"missing": str(error)}
    return made
