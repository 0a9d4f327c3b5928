"""Showing the progress of a run in a notebook: Jupyter, Colab, and editors that show notebooks."""

import html
import sys
from typing import Any

from ganvas.settings.budget import Progress
from ganvas.training.display import Display, Silent, summary

# Messages that stay in view, the newest last.
LINES = 12


def display_for(given: Display | None) -> Display:
    """The display that was asked for; by default one for a notebook in a notebook, and none elsewhere."""
    return given or (NotebookDisplay() if is_notebook() else Silent())


def is_notebook() -> bool:
    """Whether this process is the kernel of a notebook. IPython in a terminal is not."""
    ipython: Any = sys.modules.get("IPython")  # a kernel has loaded it
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None


class NotebookDisplay:
    """A bar, the latest statistics and messages in one output that is replaced in place.

    It needs no widgets, so that it is also there when the notebook is opened again or shown on a web page.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._share, self._latest = 0.0, "starting"
        self._shown: Any = None

    def stats(self, record: dict[str, float], progress: Progress, seconds_left: float) -> None:
        """See `Display.stats`."""
        total = progress.seconds + seconds_left
        self._share, self._latest = progress.seconds / total if total else 1.0, summary(record, seconds_left)
        self._show()

    def say(self, line: str) -> None:
        """See `Display.say`."""
        self._lines = [*self._lines, line][-LINES:]
        self._show()

    def _show(self) -> None:
        from IPython.display import HTML, display

        content = HTML(self.html())
        if self._shown is None:
            self._shown = display(content, display_id=True)
        else:
            self._shown.update(content)

    def html(self) -> str:
        """What is shown."""
        lines = html.escape("\n".join(self._lines))
        return (
            f'<div><progress value="{self._share:.4f}" max="1" style="width:min(24em,100%)"></progress> '
            f'<span style="font-variant-numeric:tabular-nums">{html.escape(self._latest)}</span>'
            f'<pre style="white-space:pre-wrap;margin:.5em 0 0;opacity:.75">{lines}</pre></div>'
        )
