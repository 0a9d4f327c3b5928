"""`ganvas studio`."""

import os
from pathlib import Path
from typing import Annotated

import typer


def studio(
    folder: Annotated[
        Path, typer.Argument(help="Folder of pictures, datasets and runs.", show_default="the current folder")
    ] = Path(),
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 for any that is free.", show_default="any")
    ] = 0,
    host: Annotated[str, typer.Option(help="Address to listen on. Any but this machine's own needs --password.")] = (
        "127.0.0.1"
    ),
    password: Annotated[
        bool,
        typer.Option(
            "--password", help="Ask for a password instead of a token; GANVAS_STUDIO_PASSWORD has it, if set."
        ),
    ] = False,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
) -> None:
    """Open a page in the browser to watch runs, start them and stop them. Ctrl-C ends it, and not what it started."""
    from ganvas.foundation.errors import ConfigError

    try:
        from ganvas.studio.serve import Server, open_browser
    except ModuleNotFoundError as error:
        if error.name not in ("starlette", "uvicorn", "h11", "anyio"):
            raise
        raise ConfigError(
            "the studio needs further packages; install them with: pip install 'ganvas[studio]'"
        ) from error
    secret = None
    if password:
        secret = os.environ.get("GANVAS_STUDIO_PASSWORD") or typer.prompt("Password", hide_input=True, err=True)
    server = Server(folder, host, port, secret)
    if secret:
        typer.echo("warning: the studio speaks plain HTTP; whoever can listen on the network can read along", err=True)
    typer.echo(server.address)
    typer.echo("Ctrl-C ends the studio; what it has started goes on", err=True)
    if browser and not secret:
        open_browser(server.address)
    server.run()
