"""The page on which a generator is given away: the forms of `ganvas export`, and what the card will say."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ganvas.foundation.errors import ConfigError, unknown
from ganvas.sharing import formats
from ganvas.sharing.card import card
from ganvas.sharing.formats.hub import check_licence
from ganvas.sharing.given import Given
from ganvas.studio.bodies import body_of
from ganvas.studio.jobs import Job
from ganvas.studio.pages.painting import Chosen
from ganvas.studio.render import page
from ganvas.studio.studio import asked, source_words, studio_of

# What each form is, and the ending of its name; without one, it is a folder.
FORMS = {
    "web": ("A page in one file that paints in any browser, also from a disk", ".html"),
    "safetensors": ("A folder with the weights and plain torch, without ganvas", ""),
    "onnx": ("ONNX, for programs in other languages", ".onnx"),
    "hub": ("A folder as Hugging Face's hub wants it, with a card", ""),
}


def export(request: Request) -> Response:
    """The page."""
    studio, name = studio_of(request), asked(request, "name")
    snapshots = studio.snapshots(name)
    return page(
        "export.html",
        title=f"Export {name}",
        folder=studio.folder.root.name,
        name=name,
        snapshots=snapshots,
        forms={form: FORMS.get(form, (form, "")) for form in sorted(formats.names(), key=_order)},
        suggested=name.rpartition("/")[2],
    )


def _order(form: str) -> int:
    return list(FORMS).index(form) if form in FORMS else len(FORMS)


def preview(request: Request) -> Response:
    """The card that an exported folder gets, as Markdown."""
    studio, name, snapshot = studio_of(request), asked(request, "name"), asked(request, "snapshot")
    file = studio.snapshot(name, snapshot)
    with studio.painter.turn():
        text = card(Given.open(file), "(how to use it, which depends on the form)\n", "compared with torch")
    return JSONResponse({"card": text})


class Export(Chosen):
    """A generator to give away: the options of `ganvas export`.

    Attributes:
        to: the form.
        out: the name of the file or folder to make.
        license: the licence that others get; for the form "hub" alone.
    """

    to: str
    out: str
    license: str = ""


async def start(request: Request) -> Response:
    """Start `ganvas export`. It uploads nothing."""
    asked_for = await body_of(request, Export)

    def do() -> Job:
        studio = studio_of(request)
        studio.snapshot(asked_for.name, asked_for.snapshot)
        if asked_for.to not in formats.names():
            raise ConfigError(unknown("form", asked_for.to, formats.names()))
        out = studio.folder.new(asked_for.out).name
        words = ["export", source_words(asked_for.name, asked_for.snapshot), "--to", asked_for.to, "--out", out]
        if asked_for.license.strip():
            check_licence(asked_for.license.strip())
            words.append(f"--license={asked_for.license.strip()}")
        return studio.jobs.start(words, out, makes=out)

    return JSONResponse((await run_in_threadpool(do)).record())


ROUTES = [
    Route("/export", export),
    Route("/export/card", preview),
    Route("/export/start", start, methods=["POST"]),
]
