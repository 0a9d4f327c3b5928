"""The page of a command that the studio started: what it prints, and a way to stop it."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ganvas.studio.bodies import Body, body_of
from ganvas.studio.events import stream
from ganvas.studio.jobs import Job, stop
from ganvas.studio.refusals import NotHere
from ganvas.studio.render import page
from ganvas.studio.studio import Studio, asked, number, studio_of


def job(request: Request) -> Response:
    """The page."""
    studio = studio_of(request)
    found = _find(studio, asked(request, "number"))
    return page("job.html", title=found.about, folder=studio.folder.root.name, job=found, state=_state(studio, found))


def events(request: Request) -> Response:
    """What a command has printed, whenever it prints more."""
    studio = studio_of(request)
    found = _find(studio, asked(request, "number"))
    return stream(lambda: _state(studio, found))


def _find(studio: Studio, text: str) -> Job:
    wanted = number(text, "number")
    found = next((each for each in studio.jobs.all() if each.number == wanted), None)
    if found is None:
        raise NotHere(f"there is no command number {text[:20]}; it is too long ago")
    return found


def _state(studio: Studio, job: Job) -> dict[str, Any]:
    """What it prints, whether it goes on, and where its result is once there is one."""
    found = studio.folder.look()
    link = "run" if job.about in found.runs else "dataset" if job.about in found.datasets else None
    made = f"/{link}" if link == "run" else "/" if link else None
    return {"running": job.is_running, "log": studio.jobs.log(job), "result": made}


class Stop(Body):
    """A command to stop."""

    number: int


async def stop_job(request: Request) -> Response:
    """Ask a command to stop."""
    asked_for = await body_of(request, Stop)
    await run_in_threadpool(lambda: stop(_find(studio_of(request), str(asked_for.number)).owner))
    return JSONResponse({"done": "It stops."})


ROUTES = [
    Route("/job", job),
    Route("/job/events", events),
    Route("/job/stop", stop_job, methods=["POST"]),
]
