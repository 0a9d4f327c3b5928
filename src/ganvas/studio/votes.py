"""Blind votes: two generators, pictures of both side by side in random order, and which of them somebody likes more.

A vote is a file in the hidden folder of the studio. It says which side was which only once it has been revealed, and
takes no more choices after that.
"""

import math
import secrets
import threading
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ganvas.foundation.errors import RunError
from ganvas.foundation.files import whole_file
from ganvas.studio.folder import HOME, StudioFolder
from ganvas.studio.refusals import Conflict, NotHere

Choice = Literal["left", "right", "neither"]
# Votes whose files are kept, and choices of each.
MOST_VOTES, MOST_CHOICES = 200, 1000
VOTES = "votes"
# The quantile of the normal distribution for an interval of 95 %.
QUANTILE = 1.959964


class Side(BaseModel):
    """A snapshot of a run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    snapshot: Literal["best", "last"] = "best"


class Vote(BaseModel):
    """A vote between two snapshots.

    Attributes:
        number: counts the votes of the folder.
        sides: the two snapshots.
        seed: of the pictures.
        swapped: for each question, whether the second side is on the left. The last one has not been answered.
        choices: the answers.
        is_revealed: whether the names have been shown, which ends the vote.
    """

    model_config = ConfigDict(extra="forbid")

    number: int
    sides: tuple[Side, Side]
    seed: Annotated[int, Field(ge=0)]
    swapped: list[bool]
    choices: list[Choice] = []
    is_revealed: bool = False

    def shown(self, place: Literal["left", "right"], question: int) -> Side:
        """The snapshot on one side of a question.

        Raises:
            NotHere: the question has not been asked.
        """
        if not 0 <= question < len(self.swapped):
            raise NotHere("this vote has not come to that question")
        return self.sides[(place == "right") != self.swapped[question]]

    @property
    def wins(self) -> tuple[int, int]:
        """How often each side was chosen."""
        answered = list(zip(self.choices, self.swapped, strict=False))
        decided = [(choice == "right") != swapped for choice, swapped in answered if choice != "neither"]
        return len(decided) - sum(decided), sum(decided)


def interval(wins: int, count: int) -> tuple[float, float]:
    """The interval of 95 % for a share, by Wilson 1927, "Probable inference, the law of succession".

    Unlike wins / count plus or minus a multiple of its standard error, it stays in [0, 1] and is right for few votes.

    Args:
        wins: 0 to `count`.
        count: the number of votes; without any, the interval is [0, 1].
    """
    if not count:
        return 0.0, 1.0
    share, spread = wins / count, QUANTILE**2 / count
    middle = (share + spread / 2) / (1 + spread)
    half = QUANTILE / (1 + spread) * math.sqrt(share * (1 - share) / count + spread / (4 * count))
    return max(0.0, middle - half), min(1.0, middle + half)


class Votes:
    """The votes of a folder."""

    def __init__(self, folder: StudioFolder) -> None:
        self._folder, self._lock = folder, threading.Lock()
        self._home = folder.root / HOME / VOTES

    def begin(self, first: Side, second: Side) -> Vote:
        """Begin a vote."""
        with self._lock:
            number = max((int(file.stem) for file in self._files()), default=0) + 1
            vote = Vote(number=number, sides=(first, second), seed=secrets.randbits(31), swapped=[_coin()])
            self._write(vote)
            for file in self._files()[:-MOST_VOTES]:
                file.unlink(missing_ok=True)
        return vote

    def find(self, number: int) -> Vote:
        """The vote of this number.

        Raises:
            NotHere: there is none.
            RunError: its file is damaged.
        """
        file = self._home / f"{number:06d}.json"
        if file not in self._files():
            raise NotHere(f"there is no vote {number}; begin another one")
        try:
            return Vote.model_validate_json(file.read_text(encoding="utf-8"))
        except (OSError, ValueError, ValidationError) as error:
            raise RunError(f"vote {number} cannot be read: its file is damaged; begin another one") from error

    def choose(self, number: int, question: int, choice: Choice) -> Vote:
        """Take an answer.

        Raises:
            Conflict: the names were shown, or the question was answered before.
        """
        with self._lock:
            vote = self.find(number)
            if vote.is_revealed:
                raise Conflict("the names of this vote have been shown, so it is not blind any more; begin another one")
            if question != len(vote.choices) or question >= MOST_CHOICES:
                raise Conflict("this question was answered already; the next one is shown")
            vote.choices.append(choice)
            vote.swapped.append(_coin())
            self._write(vote)
        return vote

    def reveal(self, number: int) -> Vote:
        """Show the names, and end the vote."""
        with self._lock:
            vote = self.find(number)
            vote.is_revealed = True
            self._write(vote)
        return vote

    def _files(self) -> list[Path]:
        return sorted(file for file in self._home.glob("[0-9]*.json") if file.stem.isdigit())

    def _write(self, vote: Vote) -> None:
        with whole_file(self._folder.kept(VOTES) / f"{vote.number:06d}.json") as partial:
            partial.write_text(vote.model_dump_json(), encoding="utf-8")


def _coin() -> bool:
    """A side that nobody can foresee."""
    return bool(secrets.randbits(1))
