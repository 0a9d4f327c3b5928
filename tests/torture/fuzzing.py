"""Fuzzing: readers get files to which hypothesis or atheris has done several things at once."""

import shutil
import time
from dataclasses import replace
from random import Random

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from torture import guided, specimens
from torture.damage import problem_of
from torture.specimens import Specimen
from torture.workshop import Fault, Trial, Workshop

# Seconds of a trial, so that sixty trials are an hour.
_MINUTE = 60
_EXAMPLES = 200

# One change: where, in hundredths of the length, what, how many bytes, and with what.
_Change = tuple[int, str, int, bytes]
_CHANGES = st.lists(
    st.tuples(
        st.integers(0, 99),
        st.sampled_from(["put", "insert", "remove", "repeat", "swap"]),
        st.integers(1, 64),
        st.one_of(
            st.binary(min_size=1, max_size=16),
            st.sampled_from(
                [b"\xff" * 8, bytes(8), b"1e999", b"-1", b"null", b"{}", b"[", b'"', b"\n", b"NaN", b"../"]
            ),
        ),
    ),
    min_size=1,
    max_size=8,
)


def attempt(workshop: Workshop, number: int, random: Random) -> Trial:
    """Fuzz the reader of one kind of file for a minute, each kind in turn, once blindly and once guided."""
    found = workshop.kept("fuzzed", specimens.make)
    kind = number // 2 % len(found)
    if number % 2 == 0 or not guided.is_there():
        return fuzzed(found[kind], random, _MINUTE)
    folder = workshop.home / "guided"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    runs, problems = guided.fuzz(folder, kind, _MINUTE, random.getrandbits(31))
    return Trial(found[kind].name, runs, problems, {"guided": runs, "seconds": _MINUTE})


def fuzzed(specimen: Specimen, random: Random, seconds: float) -> Trial:
    """Fuzz one reader for a while. Any error but those of ganvas is a problem; so is a hang, which does not end."""
    # What is valid may have another meaning: several changes can make a file that is sound.
    whole, lenient = specimen.path.read_bytes(), replace(specimen, is_guarded=False)
    trial, end = Trial(specimen.name, faults=0), time.process_time() + seconds

    def read(changes: list[_Change]) -> None:
        content = changed(whole, changes)
        specimen.path.write_bytes(content)
        trial.faults += content != whole
        if problem := problem_of(lenient, None):
            trial.problems.append(f"{changes}: {problem}")

    try:
        while time.process_time() < end and len(trial.problems) < 5:
            run = given(_CHANGES)(read)
            run = settings(
                max_examples=_EXAMPLES,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )(run)
            seed(random.getrandbits(64))(run)()
    finally:
        specimen.path.write_bytes(whole)
    trial.notes = {"by chance": trial.faults, "seconds": round(seconds)}
    return trial


def changed(content: bytes, changes: list[_Change]) -> bytes:
    """Carry out changes one after another."""
    for hundredth, what, count, data in changes:
        place = hundredth * len(content) // 100
        before, part, after = content[:place], content[place : place + count], content[place + count :]
        match what:
            case "put":
                content = before + data + content[place + len(data) :]
            case "insert":
                content = before + data + part + after
            case "remove":
                content = before + after
            case "repeat":
                content = before + part * 2 + after
            case _:
                content = before + after[:count] + part + after[count:]
    return content


FAULT = Fault(
    "fuzzing",
    "fuzzed file",
    "several changes at once, a minute for each kind of file: by chance (hypothesis, processor time), and guided by "
    "the lines of code that are reached (atheris)",
    2 * 32,
    attempt,
)
