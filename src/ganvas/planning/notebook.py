"""How a run ended, in a notebook: its newest grid, the curve of its KID, and its verdict."""

import html
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from ganvas.artist.notebook import figure
from ganvas.foundation.errors import RunError
from ganvas.runs.directory import RunDirectory
from ganvas.runs.logs import RunLogs
from ganvas.verdict.evaluation import Verdict

# Width and height of the curve, and the space around it, in pixels.
_WIDTH, _HEIGHT, _MARGIN = 320, 120, 8


def outcome_html(run: Path, headline: str) -> str:
    """A run as HTML that needs no other file.

    Args:
        run: the run directory.
        headline: a sentence about how it ended.
    """
    parts = [f"<p><strong>{html.escape(str(run))}</strong>: {html.escape(headline)}</p>"]
    try:
        directory = RunDirectory.open(run)
        logs = RunLogs.of(directory)
    except RunError as error:  # moved or removed since
        return f"<div>{parts[0]}<p>{html.escape(str(error))}</p></div>"
    if logs.evaluations and logs.evaluations[-1].verdict:
        parts.append(_verdict(logs.evaluations[-1].verdict))
    if len(logs.curve) > 1:
        parts.append(curve(logs.curve))
    parts += _grid(directory)
    return f"<div>{''.join(parts)}</div>"


def _verdict(verdict: Verdict) -> str:
    kind = verdict.kind
    colour, meaning = (kind.colour, kind.meaning) if kind else ("#6a6764", "")
    badge = (
        f'<span style="background:{colour};color:#fff;border-radius:1em;padding:.15em .7em">'
        f"{html.escape(verdict.name)}</span>"
    )
    advice = f" Try: {html.escape(verdict.advice)}" if verdict.advice else ""
    return f"<p>{badge} {html.escape(meaning)}{advice}</p>"


def curve(points: Sequence[tuple[float, float]]) -> str:
    """KID over minutes of training as an SVG drawing with its first, lowest and last value in words.

    Args:
        points: minutes and KID, at least two.
    """
    minutes, scores = (np.array(axis) for axis in zip(*points, strict=True))
    across = (minutes - minutes[0]) / max(float(np.ptp(minutes)), 1e-9) * (_WIDTH - 2 * _MARGIN) + _MARGIN
    down = (scores.max() - scores) / max(float(np.ptp(scores)), 1e-9) * (_HEIGHT - 2 * _MARGIN) + _MARGIN
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, down, strict=True))
    best = int(scores.argmin())
    words = (
        f"KID {scores[0]:.4f} at {minutes[0]:.1f} min, lowest {scores[best]:.4f} at {minutes[best]:.1f} min, "
        f"{scores[-1]:.4f} at {minutes[-1]:.1f} min"
    )
    return (
        f'<figure style="margin:0 0 1em"><svg width="{_WIDTH}" height="{_HEIGHT}" role="img" aria-label="{words}">'
        f'<polyline points="{path}" fill="none" stroke="#a8492b" stroke-width="2"/>'
        f'<circle cx="{across[best]:.1f}" cy="{down[best]:.1f}" r="4" fill="#a8492b"/></svg>'
        f"<figcaption>{words}</figcaption></figure>"
    )


def _grid(directory: RunDirectory) -> list[str]:
    """The newest sample grid that can be read."""
    for kimg, file in reversed(directory.sample_grids.items()):
        try:
            with Image.open(file) as picture:
                pixels = np.asarray(picture.convert("RGB"))
        except (OSError, SyntaxError):  # cut short; Pillow calls a broken chunk a syntax error
            continue
        return [figure(pixels, f"the same latents as in all its grids, at {kimg:.1f} kimg")]
    return []
