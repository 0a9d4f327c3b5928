"""Turn a source of pictures into a dataset directory.

Pictures are read in parallel and written one by one in the order of the source. So little memory is needed, and the
bytes do not depend on the number of workers. Files that cannot be used are listed, and the others are prepared.
"""

import contextlib
import functools
import inspect
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ParamSpec, Protocol, get_type_hints

from pydantic import ValidationError

from ganvas.data.dataset.checksums import checksums_file
from ganvas.data.dataset.layout import IMAGES, Info
from ganvas.data.dataset.writing import fingerprint, write_tables
from ganvas.data.pictures.frame import require_size
from ganvas.data.prepare.holdout import HoldoutPlan
from ganvas.data.prepare.options import PrepareArguments
from ganvas.data.prepare.outcomes import Outcomes
from ganvas.data.prepare.parallel import ordered_map
from ganvas.data.prepare.partial import PartialDataset, partial_dataset
from ganvas.data.prepare.picture import prepare_item
from ganvas.data.prepare.summary import Duplicates, Originals, Summary, examples, reasons
from ganvas.data.prepare.table import Table, classes_of, require_classes
from ganvas.data.sources import Source
from ganvas.data.sources.opening import SourceSpec, open_source
from ganvas.foundation.errors import DataError
from ganvas.foundation.files import refuse_taken, whole_directory
from ganvas.foundation.paths import exists, new_path, user_path
from ganvas.machine.cores import usable_cores
from ganvas.settings.config import first_problem

P = ParamSpec("P")


class _Prepare(Protocol[P]):
    def __call__(self, source: SourceSpec, target: str | Path, *args: P.args, **options: P.kwargs) -> Summary: ...


def _options_as_keywords(
    model: Callable[P, PrepareArguments],
) -> Callable[[Callable[[SourceSpec, str | Path, PrepareArguments], Summary]], _Prepare[P]]:
    """Let `prepare` take the fields of a model as keywords: for callers, type checkers and `inspect.signature`."""

    def decorate(function: Callable[[SourceSpec, str | Path, PrepareArguments], Summary]) -> _Prepare[P]:
        def call(source: SourceSpec, target: str | Path, *args: P.args, **options: P.kwargs) -> Summary:
            try:
                arguments = model(*args, **options)
            except ValidationError as error:
                raise DataError(first_problem(error, PrepareArguments)) from error
            return function(source, target, arguments)

        signature, types = inspect.signature(function), get_type_hints(PrepareArguments)
        keywords = [each.replace(annotation=types[name]) for name, each in inspect.signature(model).parameters.items()]
        parameters = [*list(signature.parameters.values())[:2], *keywords]
        functools.update_wrapper(call, function)
        call.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # mypy does not know it
        return call

    return decorate


@_options_as_keywords(PrepareArguments)
def prepare(source: SourceSpec, target: str | Path, options: PrepareArguments) -> Summary:
    """Turn pictures into a dataset directory. It is complete when this returns, and absent when this raises.

    The options are keywords, as in `prepare("photos", "data", size=32, fit="pad")`; docs/cli.md explains each of them.

    If the work is interrupted or fails, the pictures prepared so far are kept next to `target`, and the same call
    continues from there.

    Args:
        source: a folder of pictures, a zip or tar archive, a CSV, TSV, Parquet or Arrow table of pictures,
            `painter:` or `painter:COUNT` for the embedded paintings, `hf:OWNER/NAME` or `hf:FOLDER`,
            `torchvision:NAME`, or `digits:`; or a mapping from class names to several of these.
        target: the directory to make.
        options: the fields of `PrepareArguments`.

    Raises:
        DataError: an option or the source cannot be used, no picture could be read, or none is left to train on.
        GanvasError: `target` exists already, the file system refused to write (full disk, no permission), or a worker
            process died.
    """
    return _prepare(_expanded(source), new_path(target), options)


def _expanded(source: SourceSpec) -> SourceSpec:
    """The source with home directories in place of `~`, also behind a prefix such as `hf:`."""
    if isinstance(source, Mapping):
        return {name: _expand(each) for name, each in source.items()}
    return _expand(source)


def _expand(source: str | Path) -> str | Path:
    scheme, colon, rest = str(source).rpartition(":")
    if colon and rest.startswith("~") and not exists(Path(source)):
        return f"{scheme}:{user_path(rest)}"
    return str(user_path(source)) if isinstance(source, str) else user_path(source)


def _prepare(source: SourceSpec, target: Path, options: PrepareArguments) -> Summary:
    started = time.perf_counter()
    refuse_taken(target)
    opened = open_source(source, options.request)
    require_size(options.size, opened.sizes, opened.title)
    plan = HoldoutPlan.of(opened, options.held_back[0], options.group, options.seed)
    # Checked now rather than after an hour of work, and again below: some pictures may turn out to be unreadable.
    require_classes(opened, Counter(classes_of(opened)))

    with (
        partial_dataset(target, options.key(source), options.size) as partial,
        whole_directory(target) as directory,
    ):
        outcomes, resumed = _make_pictures(opened, options, partial)
        table = Table.of(opened, outcomes, has_crops=options.fit == "multicrop")
        # Before duplicates are dropped, so that none is dropped for a picture that goes too; and again afterwards.
        table.drop_small_classes(options.min_per_class)
        table.drop_duplicates(partial.pictures(), options.dedupe, plan.splits)
        table.drop_small_classes(options.min_per_class)
        table.require_classes(options.min_per_class)
        table.mark_duplicates(partial.pictures())
        holdout = plan.carry_out(table.index, opened.label_column)
        images = partial.write(table.positions, directory / IMAGES)
        images.write_checksums(checksums_file(directory / IMAGES))
        info = Info(
            size=options.size,
            count=len(table.index),
            label_column=opened.label_column,
            class_names=list(table.class_counts),
            mode_column=opened.mode_column,
            fingerprint=fingerprint(images, opened.label_column, table.index),
            options=options.record(source),
        )
        write_tables(directory, info, table.index, table.rejected)
    return Summary(
        path=target,
        size=options.size,
        count=len(table.index),
        class_counts=table.class_counts,
        rejected=reasons(table.rejected),
        holdout=holdout,
        seconds=time.perf_counter() - started,
        originals=Originals.of(table.index, options.size),
        duplicates=Duplicates.of(table.index, table.copies),
        examples=examples(table.rejected),
        notes=(*opened.notes, *table.notes),
        resumed=resumed,
    )


def _make_pictures(source: Source, options: PrepareArguments, partial: PartialDataset) -> tuple[Outcomes, int]:
    """Prepare every item of the source that an earlier run has not prepared.

    Returns:
        The outcome of each item, in the order of the source, and the number of items that were done already.
    """
    progress, total = options.progress, len(source.items)
    outcomes = Outcomes(partial, source.items)
    missing = outcomes.missing
    resumed = total - len(missing)
    if progress is not None and resumed:
        progress(resumed, total)
    workers = options.workers or (usable_cores() if len(missing) >= source.parallel_from else 1)
    results = ordered_map(
        functools.partial(prepare_item, frame=options.frame), [source.items[number] for number in missing], workers
    )
    with contextlib.closing(results):
        for done, (number, result) in enumerate(zip(missing, results, strict=True), start=resumed + 1):
            outcomes.add(number, source.items[number].name, result)
            if progress is not None:
                progress(done, total)
    return outcomes, resumed
