"""A folder as Hugging Face's hub wants it: the files of `safetensors`, the snapshot, and a card that the hub reads."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ganvas.foundation.errors import ConfigError, DataError, GanvasError
from ganvas.foundation.files import whole_directory
from ganvas.foundation.paths import quoted
from ganvas.foundation.version import VERSION
from ganvas.metrics.metric import Figure
from ganvas.runs.snapshot import save
from ganvas.sharing.card import figures
from ganvas.sharing.formats.safetensors import use, write_folder
from ganvas.sharing.given import Given

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

SNAPSHOT = "snapshot.safetensors"
# Figures that no feature network has a part in.
_WITHOUT_FEATURES = ("pixel_diversity", "copies")
_TASK = "unconditional-image-generation"
_LICENCE = re.compile(r"[a-z0-9][a-z0-9.-]*")
# The source of a dataset that was prepared from one of the hub, with its configuration if it has several.
_HUB_DATASET = re.compile(r"hf:([\w.-]+/[\w.-]+)(:[\w.-]+)?")


def write(given: Given, out: Path, *, license: str | None = None, push: str | None = None) -> Iterable[str]:
    """Write the folder, and upload it if asked to.

    Args:
        given: what is exported.
        out: the folder to make.
        license: the licence that others get, by the hub's name for it, such as "mit", "cc-by-4.0" or "other".
        push: the repository to upload to, `USER/NAME`; by default nothing is uploaded.

    Returns:
        Lines about the check, and about what was or would be uploaded.

    Raises:
        ConfigError: the licence is missing or has another form, or the repository's name is not one.
        RunError: the plain torch paints other pictures.
        GanvasError: `out` exists, the file system refused, or the upload failed; after that the folder stays.
    """
    _check_names(license, push)
    with whole_directory(out) as folder:
        checked = write_folder(given, folder, _front(given, license), _use(given))
        # Where the dataset lies on this machine is nobody else's business.
        shared = given.card.model_copy(update={"data": given.data_name})
        save(folder / SNAPSHOT, given.snapshot.generator, shared)
    files = [file for file in out.rglob("*") if file.is_file()]
    amount = f"{len(files)} files, {sum(file.stat().st_size for file in files) / 1e6:.1f} MB"
    if push is None:
        return [checked, f"nothing was uploaded; --license NAME --push USER/NAME would upload {amount}"]
    return [checked, f"uploaded {amount} to {_upload(out, push)}"]


def check_licence(license: str) -> None:
    """Refuse what cannot be the hub's name of a licence.

    Raises:
        ConfigError: it has other characters than names of licences have.
    """
    if not _LICENCE.fullmatch(license):
        raise ConfigError(
            f"--license {license!r}: expected the hub's name of a licence, such as mit, apache-2.0, cc-by-4.0 or other"
        )


def _check_names(license: str | None, push: str | None) -> None:
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]  # it is public, but not listed

    if license is not None:
        check_licence(license)
    if push is None:
        return
    if license is None:
        raise ConfigError(
            "--push needs --license NAME: say what others may do with the generator, such as mit, cc-by-4.0 or other"
        )
    try:
        validate_repo_id(push)
    except HFValidationError as error:
        raise ConfigError(f"--push {push!r} is not a repository; expected USER/NAME: {error}") from error
    if push.count("/") != 1:
        raise ConfigError(f"--push {push!r} is not a repository; expected USER/NAME")


def _front(given: Given, license: str | None) -> str:
    """The YAML of the card."""
    from huggingface_hub import ModelCardData

    own = given.card
    results = _results(given)
    data = ModelCardData(
        license=license,
        library_name="ganvas",
        pipeline_tag=_TASK,
        tags=["gan", "art", "pytorch", "ganvas", own.recipe, *(["class-conditional"] if own.class_names else [])],
        datasets=_hub_datasets(given) or None,
        metrics=sorted({result.metric_type for result in results}) or None,
        model_name=given.title if results else None,
        eval_results=results or None,
    )
    return f"{data.to_yaml()}\n"


def _results(given: Given) -> "list[EvalResult]":
    """The measured figures in the hub's format for evaluations; each names the network that features are from."""
    from huggingface_hub import EvalResult

    extractor = given.scores.get("extractor", "unknown features")
    return [
        EvalResult(
            task_type=_TASK,
            dataset_type=given.data_name,
            dataset_name=given.data_name,
            dataset_revision=given.card.fingerprint,
            metric_type=figure.key,
            metric_name=_metric_name(figure, extractor),
            metric_value=value,
            source_name=f"ganvas {VERSION}",
            source_url="https://github.com/ganvas/ganvas",
        )
        for figure, value, _ in figures(given)
    ]


def _metric_name(figure: Figure, extractor: object) -> str:
    """Such as "KID (inception)". If the label of a figure continues the line above it in tables, its key is taken."""
    name = figure.name if figure.label == figure.name else figure.key.replace("_", " ")
    return name if figure.key in _WITHOUT_FEATURES else f"{name} ({extractor})"


def _hub_datasets(given: Given) -> list[str]:
    """Datasets of the hub that the pictures are from. The name of a folder may be that of another dataset there."""
    if given.run is None:
        return []
    try:
        source = str(given.run.dataset().info.options.get("source", ""))
    except DataError:
        return []
    found = _HUB_DATASET.fullmatch(source)
    return [found[1]] if found else []


def _use(given: Given) -> str:
    return f"""\
{use(given)}
With ganvas, `{SNAPSHOT}` is a snapshot like any other:

```
ganvas sample {SNAPSHOT} --out grid.png
```
"""


def _upload(folder: Path, repository: str) -> str:
    """Upload a folder, and return the address of the repository.

    Raises:
        GanvasError: the hub cannot be reached, or refused.
    """
    from huggingface_hub import HfApi

    hub = HfApi(library_name="ganvas", library_version=VERSION)
    try:
        address = hub.create_repo(repository, repo_type="model", exist_ok=True)
        hub.upload_folder(repo_id=repository, folder_path=folder, commit_message=f"Exported by ganvas {VERSION}")
    except Exception as error:  # the hub's client and its transport raise errors of any kind
        reason = str(error).strip().split("\n")[0]
        raise GanvasError(
            f"could not upload to {repository}: {reason}; {folder} is complete, so upload it later with: "
            f"hf upload {repository} {quoted(folder)}"
        ) from error
    return str(address)
