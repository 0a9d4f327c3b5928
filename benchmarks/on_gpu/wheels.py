"""The packages that a machine with torch and timm lacks, as a folder of wheels: collected here, installed there.

    python -m benchmarks.on_gpu.wheels FOLDER [--python 3.11 3.12 3.13] [--machine x86_64]

`make gpu-wheels` runs this. The folder is for Linux and fits in 64 MiB. `benchmarks/gpu.py --wheels FOLDER` installs
from it whatever its machine lacks, without an index.
"""

import argparse
import contextlib
import email.parser
import importlib
import importlib.metadata
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
LARGEST = 64 * 2**20
# What the machine has: these and whatever they need.
PRESENT = frozenset(
    {
        "torch",
        "torchvision",
        "timm",
        "numpy",
        "scipy",
        "pandas",
        "pyarrow",
        "scikit-learn",
        "pillow",
        "pyyaml",
        "safetensors",
        "huggingface-hub",
        "tensorboard",
        "fsspec",
        "packaging",
        "typing-extensions",
        "tqdm",
        "jinja2",
        "setuptools",
    }
)
# What neither training nor evaluation imports, with the names of its modules: `tests/test_gpu_benchmark.py` runs the
# benchmark without them.
UNUSED = {"captum": "captum", "plotly": "plotly", "pyvips": "pyvips", "pywavelets": "pywt", "skops": "skops"}
PYTHONS = ("3.11", "3.12", "3.13")
GLIBC = range(17, 40)


def main() -> None:
    """Collect the wheels, and list them with their sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--python", nargs="+", default=PYTHONS, metavar="VERSION")
    parser.add_argument("--machine", default="x86_64")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    for old in args.folder.glob("*.whl"):
        old.unlink()
    for python in args.python:
        collect(args.folder, python, args.machine)
    wheels = sorted(args.folder.glob("*.whl"))
    for wheel in wheels:
        print(f"{wheel.stat().st_size / 2**20:6.2f} MiB  {wheel.name}")
    total = sum(wheel.stat().st_size for wheel in wheels)
    print(f"{total / 2**20:6.2f} MiB in all")
    if total >= LARGEST:
        raise SystemExit(f"{args.folder} has {total / 2**20:.1f} MiB, and may have {LARGEST >> 20} MiB")


def collect(folder: Path, python: str, machine: str) -> None:
    """Download what ganvas needs there: its own dependencies and theirs, except for `PRESENT` and `UNUSED`.

    Args:
        folder: of the wheels; what is in it for other versions of Python stays.
        python: version of the interpreter there, such as "3.12".
        machine: name of its processor architecture, such as "x86_64".
    """
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [Requirement(line) for line in project["dependencies"]]
    environment = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux"}
    environment |= {"platform_machine": machine, "platform_system": "Linux", "os_name": "posix", "extra": ""}
    seen = PRESENT | UNUSED.keys()
    while wanted:
        requirement = wanted.pop()
        name = normalised(requirement.name)
        if name in seen or (requirement.marker and not requirement.marker.evaluate(environment)):
            continue
        seen |= {name}
        # A wheel without compiled code fits every version of Python.
        wheel = next((each for each in folder.glob("*-none-any.whl") if _name(each) == name), None)
        wheel = wheel or _download(f"{requirement.name}{requirement.specifier}", folder, python, machine)
        wanted += map(Requirement, _requirements(wheel))


def _download(requirement: str, folder: Path, python: str, machine: str) -> Path:
    """The newest wheel of a requirement, in the folder."""
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in GLIBC] + [f"manylinux2014_{machine}"]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--python-version", python, "--implementation", "cp"]
    command += [word for platform in platforms for word in ("--platform", platform)]
    with tempfile.TemporaryDirectory(dir=folder) as new:
        subprocess.run([*command, "--dest", new, requirement], check=True)
        (wheel,) = Path(new).iterdir()
        return wheel.replace(folder / wheel.name)


def _requirements(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as content:
        (metadata,) = (name for name in content.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        text = content.read(metadata).decode()
    return email.parser.HeaderParser().parsestr(text).get_all("Requires-Dist", [])


@contextlib.contextmanager
def installed(folder: Path | None) -> Iterator[list[str]]:
    """A context in which this process and its children can import what the folder has and the machine lacks.

    Args:
        folder: of wheels; None for none.

    Yields:
        The names of the packages that it took from there.

    Raises:
        SystemExit: pip cannot install them; it has said why.
    """
    lacking = [] if folder is None else sorted(filter(_is_lacking, names(folder)))
    if not lacking:
        yield []
        return
    with tempfile.TemporaryDirectory(prefix="gpu-wheels-") as site:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-compile"]
        command += ["--disable-pip-version-check", "--no-cache-dir", "--find-links", str(folder), "--target", site]
        if subprocess.run([*command, *lacking]).returncode:
            raise SystemExit(f"{folder} does not fit this machine: build it for Python {sys.version.split()[0]}")
        before, path = os.environ.get("PYTHONPATH"), list(sys.path)
        sys.path.append(site)
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [before, site]))
        importlib.invalidate_caches()
        try:
            yield lacking
        finally:
            sys.path[:] = path
            os.environ["PYTHONPATH"] = before or ""


def names(folder: Path) -> set[str]:
    """The packages of which a folder has wheels.

    Raises:
        SystemExit: it has none.
    """
    found = set(map(_name, folder.glob("*.whl")))
    if not found:
        raise SystemExit(f"{folder} has no wheels; build it with: make gpu-wheels")
    return found


def _name(wheel: Path) -> str:
    return normalised(wheel.name.partition("-")[0])


def normalised(name: str) -> str:
    """The name of a package as an index spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _is_lacking(name: str) -> bool:
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return True
    return False


if __name__ == "__main__":
    main()
