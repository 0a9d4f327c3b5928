"""The page on which runs are compared: on the same seeds side by side, and by a vote that does not show their names."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ganvas.artist.grids import grid
from ganvas.foundation.errors import ConfigError
from ganvas.report.html import kimg, plus_minus
from ganvas.studio.bodies import Body, body_of
from ganvas.studio.pages.painting import png
from ganvas.studio.render import page
from ganvas.studio.studio import Studio, asked, number, source_words, studio_of
from ganvas.studio.training import tried
from ganvas.studio.votes import Choice, Side, Vote, interval

# Snapshots that are shown at once, and the columns of the square of pictures of each.
MOST_SIDES, SIDE_COLUMNS = 6, 4
# The pictures of each side of a question, in a square.
SHOWN, COLUMNS = 9, 3
PLACES: tuple[Literal["left"], Literal["right"]] = ("left", "right")


def compare(request: Request) -> Response:
    """The page."""
    studio = studio_of(request)
    names = studio.folder.look().runs
    choices = [choice for name in names for choice in _choices(studio, name)]
    chosen = asked(request, "name") if "name" in request.query_params else None
    if chosen is not None:
        studio.folder.run(chosen)
    return page(
        "compare.html",
        title="Compare",
        folder=studio.folder.root.name,
        choices=choices,
        pair=_pair(choices, chosen),
        most=MOST_SIDES,
        columns=SIDE_COLUMNS,
    )


def _choices(studio: Studio, name: str) -> list[dict[str, Any]]:
    """The snapshots of a run: what they are called, what is known about each, and the words of commands for them."""
    snapshots = studio.snapshots(name)
    training = tried(lambda: studio.training(name)) if snapshots else ""
    choices = []
    for snapshot in snapshots:
        caption = called = f"{name}, {'best' if snapshot == 'best' else 'newest'}"
        if not isinstance(training, str):
            logs = training.run.logs
            best = logs.best if snapshot == "best" else None
            caption += f": {training.run.record.recipe}, {kimg(best.kimg if best else logs.kimg)} kimg"
            caption += f", KID {plus_minus(best.kid, best.get('kid_se'))}" if best else ""
        source = shlex.quote(source_words(name, snapshot))
        choices.append({"name": name, "snapshot": snapshot, "called": called, "caption": caption, "source": source})
    return choices


def _pair(choices: Sequence[Mapping[str, str]], chosen: str | None) -> tuple[int, int]:
    """The places of the two to begin with: of the chosen run and of another one, or else of the same run."""
    first = next((place for place, each in enumerate(choices) if each["name"] == chosen), 0)
    others = [place for place, each in enumerate(choices) if each["name"] != choices[first]["name"]] if choices else []
    return first, next(iter(others), first + 1)


class Begin(Body):
    """Two snapshots to vote between."""

    first: Side
    second: Side


class Answer(Body):
    """An answer to a question of a vote, from 0."""

    vote: Annotated[int, Field(ge=0, lt=10**6)]
    question: Annotated[int, Field(ge=0)]
    choice: Choice


class Reveal(Body):
    """A vote whose names are to be shown."""

    vote: Annotated[int, Field(ge=0, lt=10**6)]


async def begin(request: Request) -> Response:
    """Begin a vote."""
    asked_for = await body_of(request, Begin)

    def do() -> Vote:
        studio = studio_of(request)
        if asked_for.first == asked_for.second:
            raise ConfigError("a vote needs two different snapshots; choose another one")
        if _digest(studio, asked_for.first) == _digest(studio, asked_for.second):
            raise ConfigError(
                "both snapshots are the same generator, as the newest one is also the best; choose another one"
            )
        return studio.votes.begin(asked_for.first, asked_for.second)

    return JSONResponse(score(await run_in_threadpool(do)))


def _digest(studio: Studio, side: Side) -> str:
    with studio.painter.artist(studio.snapshot(side.name, side.snapshot)) as artist:
        return artist.snapshot.digest


async def choose(request: Request) -> Response:
    """Take an answer."""
    asked_for = await body_of(request, Answer)
    votes = studio_of(request).votes
    vote = await run_in_threadpool(votes.choose, asked_for.vote, asked_for.question, asked_for.choice)
    return JSONResponse(score(vote))


async def reveal(request: Request) -> Response:
    """Show the names, and end the vote."""
    asked_for = await body_of(request, Reveal)
    return JSONResponse(score(await run_in_threadpool(studio_of(request).votes.reveal, asked_for.vote)))


def score(vote: Vote) -> dict[str, object]:
    """What a page may know of a vote: before the names are shown, only how often the side that leads has won."""
    wins = vote.wins
    leader, decided = int(wins[1] > wins[0]), sum(wins)
    low, high = interval(wins[leader], decided)
    shown: dict[str, object] = {
        "vote": vote.number,
        "question": len(vote.choices),
        "decided": decided,
        "undecided": len(vote.choices) - decided,
        "wins": wins[leader],
        "low": low,
        "high": high,
    }
    if vote.is_revealed:
        shown |= {"leader": vote.sides[leader].model_dump(), "other": vote.sides[1 - leader].model_dump()}
    return shown


def picture(request: Request) -> Response:
    """The pictures on one side of a question, without a word about who painted them."""
    studio = studio_of(request)
    vote = studio.votes.find(int(number(asked(request, "vote"), "vote")))
    question, place = int(number(asked(request, "question"), "question")), asked(request, "place")
    if place not in PLACES:
        raise ConfigError(f"place must be left or right, not {place[:20]!r}")
    side = vote.shown(PLACES[place == "right"], question)
    with studio.painter.artist(studio.snapshot(side.name, side.snapshot)) as artist:
        first = question * SHOWN
        pictures = artist.paint(artist.cells(range(first, first + SHOWN), vote.seed))
    return Response(png(grid(pictures, COLUMNS, gap=0)), media_type="image/png")


ROUTES = [
    Route("/compare", compare),
    Route("/compare/picture", picture),
    Route("/compare/begin", begin, methods=["POST"]),
    Route("/compare/choose", choose, methods=["POST"]),
    Route("/compare/reveal", reveal, methods=["POST"]),
]
