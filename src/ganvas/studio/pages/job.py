"""The page of a command that the studio started: what it prints, and a way to stop it."""

from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from ganvas.studio.bodies import Body, body_of
from ganvas.studio.jobs import Job, stop
from ganvas.studio.refusals import NotHere
from ganvas.studio.render import page
from ganvas.studio.studio import Studio, asked, studio_of


def job(request: Request) -> Response:
    """The page."""
    studio = studio_of(request)
    found = studio.jobs.find(asked(request, "number"))
    return page("job.html", title=found.about, folder=studio.folder.root.name, job=found, state=_state(studio, found))


def events(request: Request) -> Response:
    """What a command has printed, whenever it prints more."""
    studio = studio_of(request)
    found = studio.jobs.find(asked(request, "number"))
    return studio.audience.stream(lambda: _state(studio, found))


def _state(studio: Studio, job: Job) -> dict[str, Any]:
    """What it prints, whether it goes on, and where its result is once there is one."""
    return {"running": job.is_running, "log": studio.jobs.log(job), "result": _result(studio, job)}


def _result(studio: Studio, job: Job) -> dict[str, str] | None:
    """The address of what a command has made, and words for it. A folder is only named."""
    found = studio.folder.look()
    for things, address in ((found.runs, "/run"), (found.datasets, "/new"), (found.classifiers, "/classify")):
        if job.about in things:
            key = "data" if address == "/new" else "name"
            return {"href": f"{address}?{urlencode({key: job.about})}", "words": f"Go to {job.about}"}
    made = studio.folder.root / job.makes
    if not job.makes or job.is_running or not made.exists():
        return None
    if made.is_dir():
        return {"href": "", "words": f"It is in the folder {job.makes}."}
    return {"href": f"/job/result?number={job.number}", "words": f"Download {job.makes}"}


def result(request: Request) -> Response:
    """The file that a command has made. Its name is from the record of the command."""
    studio = studio_of(request)
    found = studio.jobs.find(asked(request, "number"))
    if not found.makes or found.is_running:
        raise NotHere("this command has made no file yet")
    file = studio.folder.file(studio.folder.root / found.makes)
    return FileResponse(file, media_type="application/octet-stream", filename=file.name)


class Stop(Body):
    """A command to stop."""

    number: int


async def stop_job(request: Request) -> Response:
    """Ask a command to stop."""
    asked_for = await body_of(request, Stop)
    await run_in_threadpool(lambda: stop(studio_of(request).jobs.find(str(asked_for.number)).owner))
    return JSONResponse({"done": "It stops."})


ROUTES = [
    Route("/job", job),
    Route("/job/events", events),
    Route("/job/result", result),
    Route("/job/stop", stop_job, methods=["POST"]),
]
