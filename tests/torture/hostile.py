"""Files from others that were made to do harm: huge headers, bombs, names that lead out, impossible values."""

import io
import json
import resource
import struct
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import safetensors.torch
import torch

from ganvas.artist.artist import load
from ganvas.artist.explore.favourites import read_favourites
from ganvas.artist.origin import Cell
from ganvas.artist.png import SIGNATURE, read_origin
from ganvas.classify.classifier import Classifier
from ganvas.data.dataset.dataset import Dataset
from ganvas.data.prepare.prepare import prepare
from ganvas.foundation.errors import GanvasError
from ganvas.runs import checkpoint, snapshot
from ganvas.runs.directory import RunDirectory
from ganvas.runs.logs import RunLogs
from ganvas.settings.config import read_config
from ganvas.settings.ranges import read_ranges
from support.pictures import write_pictures
from support.snapshots import write_snapshot
from torture import specimens
from torture.workshop import Fault, Trial, Workshop

# What one file may cost: bytes of memory, and seconds of processor time.
_MOST_MEMORY, _MOST_SECONDS = 1 << 30, 60.0

Case = Callable[[Path], object]


def attempt(workshop: Workshop, number: int, random: Random) -> Trial:
    """Read one hostile file. An error of ganvas, or a result, are both right; nothing else is."""
    names = list(CASES)
    name = names[number % len(names)]
    with workshop.folder() as folder:
        return Trial(name, problems=list(_harm(CASES[name], folder)))


def _harm(case: Case, folder: Path) -> Iterator[str]:
    """What is wrong with how a file is read."""
    (folder / "in").mkdir(exist_ok=True)
    (folder / "secret.png").write_bytes(b"secret")
    before, began = _peak(), time.process_time()
    try:
        case(folder / "in")
    except GanvasError as error:
        if "\n" in str(error).strip():
            yield f"more than a line: {str(error)[:200]}"
    except Exception as error:
        yield f"{type(error).__name__}: {error}"
    if _peak() - before > _MOST_MEMORY:
        yield f"{(_peak() - before) >> 20} MiB of memory"
    if time.process_time() - began > _MOST_SECONDS:
        yield f"{time.process_time() - began:.0f} s"
    outside = sorted(path.name for path in folder.iterdir())
    if outside != ["in", "secret.png"]:
        yield f"wrote outside of its folder: {outside}"


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _safetensors(file: Path, header: bytes, length: int | None = None, body: bytes = b"") -> Path:
    file.write_bytes(struct.pack("<Q", len(header) if length is None else length) + header + body)
    return file


def _deep(opening: str = "[", closing: str = "]", times: int = 100_000) -> str:
    return opening * times + closing * times


def _edited(folder: Path, change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> Path:
    """A snapshot with other weights, and without a checksum, as earlier versions wrote it."""
    path = write_snapshot(folder / "a.safetensors", latent_dim=2, width=2)
    with safetensors.safe_open(path, framework="pt") as opened:
        card = opened.metadata()[snapshot.CARD]
    safetensors.torch.save_file(change(safetensors.torch.load_file(path)), path, {snapshot.CARD: card})
    return path


def _carded(folder: Path, **changes: object) -> Path:
    path = write_snapshot(folder / "a.safetensors", latent_dim=2, width=2)
    with safetensors.safe_open(path, framework="pt") as opened:
        card = json.loads(opened.metadata()[snapshot.CARD]) | changes
    safetensors.torch.save_file(safetensors.torch.load_file(path), path, {snapshot.CARD: json.dumps(card)})
    return path


def _painted(path: Path) -> object:
    return load(path).paint([Cell(seed=1)], None)


def _zip(folder: Path, *entries: tuple[str, bytes]) -> Path:
    file = folder / "a.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return file


def _zip_bomb(folder: Path) -> Path:
    """Two gibibytes of zeros, written in parts, since the memory that this takes would count."""
    file = folder / "a.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a.png", "b.png"):
            with archive.open(name, "w", force_zip64=True) as member:
                for _ in range(1024):
                    member.write(bytes(1 << 20))
    return file


def _tar(folder: Path, *members: tarfile.TarInfo) -> Path:
    file = folder / "a.tar"
    picture = next(write_pictures(folder / "own", 1).iterdir()).read_bytes()
    with tarfile.open(file, "w") as archive:
        for name in ("a/0.png", "b/0.png", "a/1.png", "b/1.png"):
            plain = tarfile.TarInfo(name)
            plain.size = len(picture)
            archive.addfile(plain, io.BytesIO(picture))
        for member in members:
            archive.addfile(member)
    return file


def _member(name: str, kind: bytes, to: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, to
    return made


def _prepared(source: Path) -> object:
    """A dataset of it, in which nothing from outside may be."""
    target = source.parent / "data"
    summary = prepare(source, target, size=8, classes="none", workers=1)
    assert "secret" not in (target / "rejected.csv").read_text("utf-8").partition("\n")[2], "it looked outside"
    return summary


def _dataset(folder: Path, spoil: Callable[[Path], object]) -> object:
    from support.datasets import write_dataset

    data = write_dataset(folder / "data", count=4)
    spoil(data)
    opened = Dataset.open(data)
    return opened.images[:], opened.index, opened.labels


def _with_info(**changes: object) -> Callable[[Path], object]:
    def spoil(data: Path) -> None:
        file = data / "dataset.json"
        file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | changes))

    return spoil


def _header(shape: str, kind: str = "|u1") -> Callable[[Path], object]:
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}}}".encode()

    def spoil(data: Path) -> None:
        padded = text.ljust(118 - 1) + b"\n"
        (data / "images.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded + bytes(64))

    return spoil


def _texts(name: str, read: Callable[[Path], object]) -> dict[str, Case]:
    """Texts that make parsers work hard, for a file of this name."""
    laughs = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{after}: &{after} [{','.join([f'*{before}'] * 9)}]\n"
        for before, after in zip("abcdefgh", "bcdefghi", strict=True)
    )
    texts = {
        "nested": _deep(), "nested mappings": _deep('{"a":', "}"), "huge number": '{"kimg": ' + "9" * 100_000 + "}",
        "not finite": '{"kimg": 1e999, "schema_version": 1}', "laughs": laughs, "null": "\0" * 1000, "code": _CODE,
        "a list": "[1, 2]", "surrogates": '{"kimg": 1, "a": "\\ud800"}',
    }  # fmt: skip

    def case(text: str) -> Case:
        def run(folder: Path) -> object:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
            return read(folder)

        return run

    return {f"{Path(name).name}: {kind}": case(text) for kind, text in texts.items()}


_CODE = "!!python/object/apply:os.system ['touch ../hacked']\n"


def _logs(folder: Path) -> object:
    # Of a run that is sound.
    found = specimens._run(folder / "made")
    run = found[0].path.parent
    for log in folder.glob("*.jsonl"):
        log.rename(run / log.name)
    return RunLogs.open(run)


def _png(chunk: bytes, kind: bytes = b"iTXt") -> bytes:
    def framed(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    size = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
    return SIGNATURE + framed(b"IHDR", size) + framed(kind, chunk) + framed(b"IEND", b"")


def _origin(text: bytes) -> Case:
    def run(folder: Path) -> object:
        packed = b"ganvas\0\1\0\0\0" + zlib.compress(text, 9)
        (folder / "a.png").write_bytes(_png(packed))
        return read_origin(folder / "a.png")

    return run


def _state(text: str) -> Case:
    def run(folder: Path) -> object:
        safetensors.torch.save_file({}, folder / "a.safetensors", {"schema_version": "2", "state": text})
        return checkpoint.load(folder / "a.safetensors")

    return run


def _favourites(folder: Path) -> object:
    path = write_snapshot(folder / "best.safetensors", latent_dim=2, width=2)
    return read_favourites(load(path))


CASES: dict[str, Case] = {
    "snapshot: header of 2^63 bytes": lambda f: _painted(_safetensors(f / "a.safetensors", b"{}", 1 << 63)),
    "snapshot: header of 99 MB": lambda f: _painted(_safetensors(f / "a.safetensors", b" " * 99_000_000)),
    "snapshot: nested header": lambda f: _painted(_safetensors(f / "a.safetensors", _deep().encode())),
    "snapshot: tensor beyond its end": lambda f: _painted(
        _safetensors(
            f / "a.safetensors",
            b'{"a":{"dtype":"F32","shape":[1152921504606846976],"data_offsets":[0,4]}}',
            None,
            b"0000",
        )
    ),
    "snapshot: other shapes": lambda f: _painted(
        _edited(f, lambda w: {k: v.reshape(-1)[:1].clone() for k, v in w.items()})
    ),
    "snapshot: other dtypes": lambda f: _painted(_edited(f, lambda w: {k: v.to(torch.int8) for k, v in w.items()})),
    "snapshot: NaN weights": lambda f: _painted(_edited(f, lambda w: {k: v * float("nan") for k, v in w.items()})),
    "snapshot: infinite weights": lambda f: _painted(_edited(f, lambda w: {k: v * float("inf") for k, v in w.items()})),
    "snapshot: no tensors": lambda f: _painted(_edited(f, lambda w: {})),
    "snapshot: another module as recipe": lambda f: _painted(_carded(f, recipe="os:system")),
    "snapshot: a path as recipe": lambda f: _painted(_carded(f, recipe="../../etc/passwd")),
    "snapshot: huge size": lambda f: _painted(_carded(f, size=1 << 40)),
    "snapshot: negative size": lambda f: _painted(_carded(f, size=-64)),
    "snapshot: huge width": lambda f: _painted(_carded(f, options={"width": 1 << 40})),
    "snapshot: huge latent": lambda f: _painted(_carded(f, options={"latent_dim": 1 << 50})),
    "snapshot: a million classes": lambda f: _painted(_carded(f, class_names=[str(n) for n in range(10**6)])),
    "snapshot: classes that lead out": lambda f: _painted(_carded(f, class_names=["../../x", "/etc/x"])),
    "checkpoint: nested state": _state(_deep()),
    "checkpoint: nested items": _state(_deep('{"items":[["a",', "]]}", 50_000)),
    "checkpoint: tensors that are not there": _state('{"items": [["a", {"__tensor__": "b"}]]}'),
    "checkpoint: pairs that are none": _state('{"items": [1, 2]}'),
    "checkpoint: unhashable keys": _state('{"items": [[["a"], 1]]}'),
    "dataset: count of 10^18": lambda f: _dataset(f, _with_info(count=10**18)),
    "dataset: negative size": lambda f: _dataset(f, _with_info(size=-16)),
    "dataset: fields of others": lambda f: _dataset(f, _with_info(label_column="../x", class_names=["a"] * 3)),
    "dataset: an array of 10^18": lambda f: _dataset(f, _header("(1000000000000000000, 16, 16, 3)")),
    "dataset: a pickle": lambda f: _dataset(f, _header("(4,)", "|O")),
    "dataset: a negative shape": lambda f: _dataset(f, _header("(-4, 16, 16, 3)")),
    "dataset: an overflowing shape": lambda f: _dataset(f, _header("(4294967296, 4294967296, 4294967296, 3)")),
    "dataset: code in a header": lambda f: _dataset(f, _header("(__import__('os').system('touch ../hacked'),)")),
    "zip: bomb": lambda f: _prepared(_zip_bomb(f)),
    "zip: names that lead out": lambda f: _prepared(_zip(f, ("../secret.png", b"x"), ("/etc/x.png", b"x"))),
    "zip: the same name twice": lambda f: _prepared(_zip(f, ("a.png", b"x"), ("a.png", b"y"))),
    "tar: links out": lambda f: _prepared(
        _tar(f, _member("c.png", tarfile.SYMTYPE, "../secret.png"), _member("d.png", tarfile.LNKTYPE, "/etc/passwd"))
    ),
    "tar: devices": lambda f: _prepared(_tar(f, _member("c.png", tarfile.CHRTYPE), _member("d.png", tarfile.FIFOTYPE))),
    "tar: names that lead out": lambda f: _prepared(_tar(f, _member("../../x.png", tarfile.REGTYPE))),
    "png: description of 100 MB": _origin(b"x" * 100_000_000),
    "png: nested description": _origin(_deep().encode()),
    "png: a million cells": _origin(json.dumps({"cells": [{"seed": 1}] * 10**6}).encode()),
    **_texts("run/config.yaml", lambda f: RunDirectory.open(f / "run")),
    **_texts("stats.jsonl", _logs),
    **_texts("evals.jsonl", _logs),
    **_texts("options.yaml", lambda f: read_config(f / "options.yaml")),
    **_texts("space.yaml", lambda f: read_ranges(f / "space.yaml")),
    **_texts("mind/classifier.json", lambda f: Classifier.open(f / "mind")),
    **_texts("data/dataset.json", lambda f: Dataset.open(f / "data")),
    **_texts("best.favourites.json", _favourites),
}
FAULT = Fault(
    "hostile",
    "hostile file",
    "huge headers, bombs, names and links that lead out, impossible values, code; each may cost a line, but no "
    "traceback, GiB or minute",
    len(CASES),
    attempt,
)
