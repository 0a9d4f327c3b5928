"""`ganvas doctor`."""

import json
from dataclasses import asdict
from typing import Annotated

import typer


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False) -> None:
    """Describe this machine and how ganvas will use it."""
    from ganvas.machine.doctor import examine

    findings = examine()
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
        return
    width = max(len(finding.topic) for finding in findings)
    for finding in findings:
        typer.echo(f"{'' if finding.is_well else '! '}{finding.topic.ljust(width)}  {finding.text}")
