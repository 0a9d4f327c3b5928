"""A GPU's turn: what is known of ganvas on processors, measured on a GPU in at most eight minutes.

    PYTHONPATH=src python -m benchmarks.gpu OUT [RECIPE...] [--wheels build/gpu-wheels] [--minutes 8]
    PYTHONPATH=src python -m benchmarks.gpu OUT [RECIPE...] --tiny

For a machine with PyTorch, timm and the like that is lent for a quarter of an hour. It needs no network: it paints its
own pictures, and `make gpu-wheels` builds a folder with the packages that such a machine lacks. ganvas need not be
installed.

It measures, in this order:

- a large matrix product in each precision, which is the ceiling;
- every recipe in every precision: how far a step is from the same step in float32 on the processor, and whether the
  recipe trains, resumes and samples;
- img/s of `dcgan` and `atelier`, and their share of the ceiling;
- a process group of one process;
- `atelier` for three minutes at 64 px: KID, and the memory that was foreseen and taken;
- the same steps with networks that torch has compiled, with and without CUDA graphs.

Parts for which no time is left are skipped, and the results name them. After each part, the command writes `gpu.json`
and `gpu.md` into OUT. The exit code is 1 if a recipe disagrees or a part fails. `--tiny` runs all of it in small on the
processor.
"""

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.on_gpu.wheels import installed

if TYPE_CHECKING:
    from benchmarks.on_gpu.turn import Turn

JSON, PAGE = "gpu.json", "gpu.md"


def main() -> None:
    """Install what is lacking, then measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("recipes", nargs="*", metavar="RECIPE")
    parser.add_argument("--wheels", type=Path)
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--tiny", action="store_true")
    args = parser.parse_args()
    with installed(args.wheels) as taken, tempfile.TemporaryDirectory(prefix="gpu-") as folder:
        from benchmarks.on_gpu.turn import TINY, WHOLE, Turn
        from ganvas import gans
        from ganvas.foundation.errors import GanvasError
        from ganvas.machine.device import choose
        from ganvas.settings.config import Settings

        turn = Turn(TINY if args.tiny else WHOLE, Path(folder), args.minutes)
        try:
            alone = [name for name in gans.names() if not gans.find(name).has_first_stage]
            recipes = [gans.find(name).name() for name in args.recipes] or alone
            choose(Settings(device=turn.scale.device, precision="float32"))
        except GanvasError as error:
            raise SystemExit(f"{error}; --tiny runs the same on the processor") from error
        findings = measure(turn, recipes, args.out, taken)
    disagreeing = [f"{row['recipe']} in {row['precision']}" for row in findings["agreement"] if not row["agrees"]]
    for what, names in (("left out", turn.left_out), ("failed", turn.failed), ("disagrees", disagreeing)):
        for name in names:
            print(f"{what}: {name}", file=sys.stderr)
    print(args.out / PAGE)
    sys.exit(1 if turn.failed or disagreeing or not (findings["group"] or {"is_same": True})["is_same"] else 0)


def measure(turn: "Turn", recipes: list[str], out: Path, wheels: list[str]) -> dict[str, Any]:
    """Measure part after part, and write both files after each.

    Args:
        turn: on the machine.
        recipes: their names.
        out: folder of both files.
        wheels: names of the packages that were installed from the folder of wheels.

    Returns:
        The content of the JSON file.
    """
    from benchmarks.on_gpu import agreement, compiled, group, learning, speed
    from benchmarks.on_gpu.page import page
    from ganvas.foundation.files import whole_file
    from ganvas.settings.budget import Amount

    out.mkdir(parents=True, exist_ok=True)
    scale, seconds = turn.scale, turn.scale.seconds
    findings: dict[str, Any] = {"device": _device(turn), "versions": _versions(), "wheels": wheels}
    findings |= {"ceiling": {}, "agreement": [], "speed": [], "group": None, "learning": None, "compiled": None}
    # Each part with the seconds that it takes, which those before it must leave.
    parts: list[tuple[str, float, Callable[[float], object]]] = [
        ("ceiling", seconds.ceiling * len(scale.precisions), lambda reserve: speed.ceilings(turn, reserve)),
        (
            "agreement",
            seconds.recipe * len(scale.precisions) * len(recipes),
            lambda reserve: agreement.agreements(turn, recipes, reserve),
        ),
        (
            "speed",
            seconds.speed * len(speed.rows(scale)),
            lambda reserve: speed.speeds(turn, findings["ceiling"], reserve),
        ),
        ("group", seconds.group, lambda reserve: group.group(turn, reserve)),
        (
            "learning",
            seconds.learning + (Amount.parse(scale.budget).seconds or 0.0),
            lambda reserve: learning.learning(turn, reserve),
        ),
        # It takes what time is left, so that no other part is shorter for it.
        ("compiled", 0.0, lambda reserve: compiled.compiled(turn, reserve)),
    ]
    for place, (key, _, work) in enumerate(parts):
        findings[key] = work(sum(needed for _, needed, _ in parts[place + 1 :]))
        findings |= {"seconds": turn.elapsed, "left_out": turn.left_out, "failed": turn.failed}
        for name, text in ((JSON, json.dumps(findings, indent=1)), (PAGE, page(findings))):
            with whole_file(out / name) as partial:
                partial.write_text(text, encoding="utf-8")
    return findings


def _device(turn: "Turn") -> dict[str, object]:
    import torch

    from ganvas.machine.device import processor_name
    from ganvas.machine.memory import GIB

    if turn.scale.device == "cpu":
        return {"device": "cpu", "name": processor_name()}
    properties = torch.cuda.get_device_properties(0)
    return {
        "device": "cuda",
        "name": properties.name,
        "memory_gib": properties.total_memory / GIB,
        "capability": f"{properties.major}.{properties.minor}",
        "processor": processor_name(),
    }


def _versions() -> dict[str, str]:
    import torch

    from ganvas.foundation.version import VERSION

    return {"ganvas": VERSION, "torch": torch.__version__, "Python": platform.python_version()}


if __name__ == "__main__":
    main()
