"""The findings of a turn as a Markdown page of tables."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Cell = Callable[[Mapping[str, Any]], str]


def page(findings: Mapping[str, Any]) -> str:
    """The page.

    Args:
        findings: the content of the JSON file.
    """
    device, versions = findings["device"], findings["versions"]
    listed = ", ".join(f"{name} {version}" for name, version in versions.items())
    lines = [f"# {device['name']}", "", f"{listed}. {findings['seconds']:.0f} s.", ""]
    for text in (_ceilings, _agreement, _speed, _learning, _group, _compiled):
        lines += text(findings)
    for title, key in (("Left out, because the time was up", "left_out"), ("Failed", "failed")):
        if findings[key]:
            lines += [f"## {title}", "", *(f"- {what}" for what in findings[key]), ""]
    return "\n".join(lines)


def table(columns: Mapping[str, Cell], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A table with a line for each row, and an empty line after it."""
    lines = [list(columns), *([cell(row) for cell in columns.values()] for row in rows)]
    first, *others = (f"| {' | '.join(cells)} |" for cells in lines)
    return [first, "|---" * len(columns) + "|", *others, ""]


def _ceilings(findings: Mapping[str, Any]) -> list[str]:
    rows = [{"precision": name, "flops": flops} for name, flops in findings["ceiling"].items()]
    columns: dict[str, Cell] = {
        "precision": lambda row: row["precision"],
        "TFLOP/s": lambda row: f"{row['flops'] / 1e12:.2f}",
    }
    return ["## A large matrix product", "", *table(columns, rows)]


def _agreement(findings: Mapping[str, Any]) -> list[str]:
    columns: dict[str, Cell] = {
        "recipe": lambda row: f"`{row['recipe']}`",
        "px": lambda row: str(row["size"]),
        "precision": lambda row: row["precision"],
        "pictures, of 255": lambda row: f"{row['pictures']:.3f}",
        "losses": lambda row: f"{row['losses']:.2%}",
        "gradients": lambda row: f"{row['gradients']:.2%}",
        "painted, of 255": lambda row: f"{row['painted']:.3f}",
        "agrees": lambda row: "yes" if row["agrees"] else "**no**",
    }
    explained = "Differences from float32 on the processor. Each recipe was also trained, resumed and sampled."
    return ["## Every recipe", "", explained, "", *table(columns, findings["agreement"])]


def _speed(findings: Mapping[str, Any]) -> list[str]:
    columns: dict[str, Cell] = {
        "recipe": lambda row: f"`{row['recipe']}`",
        "px": lambda row: str(row["size"]),
        "precision": lambda row: row["precision"],
        "batch": lambda row: str(row["batch_size"]),
        "img/s": lambda row: f"{row['img_per_s']:,.0f}",
        "GFLOP per picture": lambda row: f"{row['gflop_per_picture']:.2f}",
        "share of ceiling": lambda row: _shown(row["share_of_ceiling"], "{:.1%}"),
        "memory, GiB": lambda row: _shown(row["memory_gib"], "{:.2f}"),
    }
    return ["## Speed of a step", "", *table(columns, findings["speed"])]


def _learning(findings: Mapping[str, Any]) -> list[str]:
    if not (run := findings["learning"]):
        return []
    columns: dict[str, Cell] = {
        "width": lambda row: f"{row['width']} and {row['d_width']}",
        "batch": lambda row: str(row["batch_size"]),
        "kimg (foreseen)": lambda row: f"{row['kimg']:.1f} ({row['kimg_foreseen']:.1f})",
        "img/s": lambda row: _shown(row["img_per_s"], "{:,.0f}"),
        "KID": lambda row: " ± ".join(_shown(row["scores"][key], "{:.4f}") for key in ("kid", "kid_se")),
        "recall": lambda row: _shown(row["scores"]["recall"], "{:.2f}"),
        "verdict": lambda row: str(row["verdict"]),
        "memory foreseen, GiB": lambda row: f"{row['memory_foreseen_gib']:.2f}",
        "taken, GiB": lambda row: f"{row['memory_taken_gib']:.2f}",
    }
    title = f"## `{run['recipe']}` after {run['budget']}"
    explained = f"{run['paintings']} embedded paintings at {run['size']} px, {run['precision']}, `--quality good`, "
    return [title, "", f"{explained}`vision_every={run['vision_every']}`.", "", *table(columns, [run])]


def _group(findings: Mapping[str, Any]) -> list[str]:
    if not (found := findings["group"]):
        return []
    same = "returned exactly what went in" if found["is_same"] else "**changed what went in**"
    return ["## One process", "", f"{found['backend']}: {found['values']:,} values {same}, {found['ms']:.2f} ms.", ""]


def _compiled(findings: Mapping[str, Any]) -> list[str]:
    if not (rows := findings["compiled"]):
        return []
    columns: dict[str, Cell] = {
        "recipe": lambda row: f"`{row['recipe']}`",
        "px": lambda row: str(row["size"]),
        "networks": lambda row: row["way"],
        "img/s": lambda row: _shown(row.get("img_per_s"), "{:,.0f}") or f"failed: {row['error']}",
        "first steps, s": lambda row: _shown(row.get("first_s"), "{:.1f}"),
    }
    return ["## Compiled networks", "", *table(columns, rows)]


def _shown(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value)
