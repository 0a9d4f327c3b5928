"""What an evaluation decides for a run, in a form that the first process sends to the others."""

import json
from dataclasses import asdict, dataclass
from typing import Self

from ganvas.verdict.evaluation import Evaluation


@dataclass(frozen=True)
class Conclusion:
    """What an evaluation decides.

    Attributes:
        is_best: whether it is the best so far.
        response: what is done about the verdict: "go on", "stop" or "roll back"; None if nothing is.
        verdict: the verdict with its evidence, as text.
        name: of the verdict.
    """

    is_best: bool
    response: str | None
    verdict: str
    name: str

    @classmethod
    def of(cls, evaluation: Evaluation) -> Self:
        """That of an evaluation."""
        assert evaluation.verdict is not None
        return cls(evaluation.best, evaluation.response, str(evaluation.verdict), evaluation.verdict.name)

    def written(self) -> bytes:
        """As bytes, for the other processes."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def read(cls, content: bytes) -> Self:
        """The inverse of `written`."""
        return cls(**json.loads(content))
