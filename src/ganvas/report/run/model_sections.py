"""The sections of the run page that need the trained models: their pictures and scores are made with the page."""

from collections.abc import Callable

from ganvas.foundation.errors import GanvasError
from ganvas.report.html import Fields
from ganvas.report.run import discriminator, latents, neighbours, reduction, spectrum
from ganvas.report.run.models import RunModels
from ganvas.report.run.run import Run

# The progress message and the function of each section, in the order of the page.
SECTIONS: dict[str, tuple[str, Callable[[RunModels], Fields | None]]] = {
    "interpolations": ("interpolating between pictures", latents.interpolations),
    "labels": ("generating the same latents for every class", latents.labels),
    "spectrum": ("comparing the fine detail with that of real pictures", spectrum.spectrum),
    "ranking": ("asking the discriminator", discriminator.ranking),
    "activations": ("looking into the discriminator", discriminator.activations),
    "reduction": ("comparing a picture with its original", reduction.reduction),
    "neighbours": ("searching for the nearest training pictures", neighbours.neighbours),
}


def sections(run: Run, say: Callable[[str], None]) -> dict[str, Fields | None]:
    """Make the sections of a run. A section that cannot be made has only the reason, in its field "missing".

    Args:
        run: the run.
        say: called with a progress message before each section.
    """
    try:
        models = RunModels.open(run)
    except GanvasError as error:
        return {"interpolations": {"missing": str(error)}}
    sections: dict[str, Fields | None] = {}
    for name, (message, make) in SECTIONS.items():
        say(message)
        try:
            section = make(models)
            sections[name] = None if section is None else {"missing": None, **section}
        except GanvasError as error:
            sections[name] = {"missing": str(error)}
    return sections
