"""The studio as an ASGI application."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from ganvas.foundation.errors import GanvasError
from ganvas.studio.door.guard import Guard
from ganvas.studio.door.hosts import Hosts
from ganvas.studio.pages import assets, classify, compare, explore, export, home, job, login, new, painting, run
from ganvas.studio.refusals import on_bug, on_ganvas_error, on_http_error
from ganvas.studio.studio import Studio

PAGES = (assets, login, home, run, new, job, explore, painting, compare, classify, export)


def application(studio: Studio, hosts: Hosts) -> Starlette:
    """The pages of a studio, behind their guard.

    Args:
        studio: what the pages work with.
        hosts: the names by which it may be called.
    """
    app = Starlette(
        routes=[route for each in PAGES for route in each.ROUTES],
        middleware=[Middleware(Guard, hosts=hosts, keys=studio.keys)],
        exception_handlers={HTTPException: on_http_error, GanvasError: on_ganvas_error, Exception: on_bug},
    )
    app.router.redirect_slashes = False
    app.state.studio = studio
    return app
