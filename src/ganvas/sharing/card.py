"""The card of an exported generator: what it is, what it learned from, how good it is, what may be said about it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeGuard

import yaml

from ganvas import baselines
from ganvas.foundation.paths import quoted
from ganvas.foundation.version import VERSION
from ganvas.metrics.measures import in_order
from ganvas.metrics.metric import Figure
from ganvas.report.run import provenance
from ganvas.sharing.given import Given

# The file with the options of the training.
CONFIG = "config.yaml"
_UNKNOWN = (
    "This snapshot was exported without its run, so its card does not know where the training pictures came from. You "
    "may not say that it was trained on free pictures."
)


def card(given: Given, use: str, checked: str, front: str = "") -> str:
    """The card as Markdown.

    Args:
        given: what is exported.
        use: how to use it, in Markdown.
        checked: how it was checked; see `checking.described`.
        front: YAML for a hub, put between two lines of `---`.
    """
    sections = {
        "Use": f"{use}\nThe export was {checked}.",
        "What it learned from": _data(given),
        "How good it is": _scores(given),
        "What may be said about its pictures": _statements(given),
        "How it was made": _provenance(given),
    }
    head = f"---\n{front}---\n\n" if front else ""
    body = "\n".join(f"## {title}\n\n{text.strip()}\n" for title, text in sections.items())
    return f"{head}# {given.title}\n\n{_summary(given)}\n\n![Pictures of this generator](pictures.png)\n\n{body}"


def written_by(given: Given) -> dict[str, object]:
    """Where weights are from, for the metadata of a file."""
    own = given.card
    return {
        "recipe": own.recipe,
        "class_names": own.class_names,
        "dataset": given.data_name,
        "fingerprint": own.fingerprint,
        "kimg": own.kimg,
        "ganvas": VERSION,
    }


def figures(given: Given) -> list[tuple[Figure, float, float | None]]:
    """The measured figures, each with its value and standard error, in the order of tables."""
    scores, found = given.scores, []
    for figure in (figure for metric in in_order() for figure in metric.figures):
        value, error = scores.get(figure.key), scores.get(figure.error or "")
        if isinstance(value, int | float):
            found.append((figure, float(value), float(error) if isinstance(error, int | float) else None))
    return found


def _summary(given: Given) -> str:
    own = given.card
    classes = f", of {len(own.class_names)} classes" if own.class_names else ""
    return (
        f"A generative adversarial network that paints pictures of {own.size} x {own.size} pixels{classes}: the recipe "
        f"`{own.recipe}` of [ganvas](https://github.com/ganvas/ganvas), with {given.parameters / 1e6:.2f} million "
        f"values, after {own.kimg:,.1f} thousand pictures."
    )


def _data(given: Given) -> str:
    own = given.card
    shares: Sequence[float | None] = own.class_shares or [None] * len(own.class_names)
    rows = [
        f"| {_cell(name)} | {'' if share is None else f'{share:.1%}'} |"
        for name, share in zip(own.class_names, shares, strict=False)
    ]
    table = "\n".join(["", "| class | share |", "|---|---|", *rows]) if rows else ""
    pictures = f"{given.run.record.training_count:,} pictures of " if given.run else ""
    return f"{pictures}the dataset `{given.data_name}`, fingerprint `{own.fingerprint[:12]}`.\n{table}"


def _scores(given: Given) -> str:
    scores, rows = given.scores, figures(given)
    if not rows:
        return "It was not evaluated."
    lines = ["| figure | value | |", "|---|---|---|"]
    for figure, value, error in rows:
        spread = "" if error is None else f" ± {error:.4f}"
        lines.append(f"| {figure.name} | {value:.4f}{spread} | {_cell(figure.meaning.format_map(_Known(scores)))} |")
    measured = f"Measured over {_number(scores, 'generated')} generated and {_number(scores, 'real')} real pictures"
    lines += ["", f"{measured} with features of `{scores.get('extractor', 'an unknown network')}`."]
    if scores.get("independent") is False:
        lines.append("Its discriminator saw pictures through that network, so these figures flatter it.")
    verdict = given.verdict
    if verdict is not None:
        meaning = f" {verdict.kind.meaning}" if verdict.kind else ""
        lines += ["", f"Verdict: **{verdict.name}**.{meaning}"]
    return "\n".join(lines)


def _statements(given: Given) -> str:
    if given.run is None:
        return _UNKNOWN
    statements: list[Mapping[str, str]] = provenance.card(given.run)["statements"]
    return "\n\n".join(f"**{each['heading']}.** {each['text']}" for each in statements)


def _provenance(given: Given) -> str:
    own = given.card
    lines = [f"Made with ganvas {own.ganvas}, exported with ganvas {VERSION}.", "", f"```\n{command(given)}\n```"]
    if given.run is not None:
        record = given.run.record
        versions = ", ".join(f"{name} {version}" for name, version in record.versions.items())
        lines += ["", f"On {record.machine['device_name']}, with {versions}."]
    return "\n".join(lines)


def command(given: Given) -> str:
    """The command that makes such a generator from the dataset; `config` has the options of a training."""
    own = given.card
    if own.recipe in baselines.names():
        options = "".join(f" --set {key}={value}" for key, value in own.options.items() if key != "seed")
        words = f"--kind {own.recipe} --seed {own.options['seed']}{options}"
        return f"ganvas baseline {quoted(given.data_name)} {words} --out {own.recipe}.safetensors"
    return f"ganvas train {quoted(given.data_name)} --config {CONFIG} --out run"


def config(given: Given) -> str | None:
    """The options of a training as YAML, for `ganvas train --config`; None for a baseline. Files are only named."""
    if given.card.recipe in baselines.names():
        return None
    settings = given.run.record.settings if given.run else {}
    kept = {key: settings[key] for key in ("budget", "seed", "size", "label_column") if settings.get(key) is not None}
    options = _without_folders(given.card.options)
    content = {"recipe": given.card.recipe, **({"settings": kept} if kept else {}), "options": options}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def _without_folders(value: object) -> object:
    """A value of an option, with the names of files in place of their paths."""
    if isinstance(value, Mapping):
        return {key: _without_folders(each) for key, each in value.items()}
    return Path(value).name if _is_path(value) else value


def _is_path(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and ("/" in value or "\\" in value)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "&#124;")


def _number(scores: Mapping[str, object], key: str) -> str:
    value = scores.get(key)
    return f"{value:,.0f}" if isinstance(value, int | float) else "an unknown number of"


class _Known(dict[str, object]):
    """Values for a format string, of which some may be missing."""

    def __missing__(self, key: str) -> float:
        return float("nan")
