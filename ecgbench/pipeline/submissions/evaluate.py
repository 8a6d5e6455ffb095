"""A run on submitted maps: of a file that nobody vouches for, checked against the windows and models that the maps must explain."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from ecgbench.datasets import DATASETS
from ecgbench.errors import InputError
from ecgbench.models import known_model
from ecgbench.pipeline.acceptance.identity import identity, identity_of
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.compute.sources.submitted_maps import SubmissionSource
from ecgbench.pipeline.grid.address import Address, ModelAddress, split_metric
from ecgbench.pipeline.grid.options import Options
from ecgbench.pipeline.grid.selection import Selection, check_seeds
from ecgbench.pipeline.submissions.expected_windows import other_model, other_windows, windows_of
from ecgbench.pipeline.submissions.form import Contents, check_maps, described, read_text, tensor_name
from ecgbench.pipeline.submissions.header import Header, read_header, refusal
from ecgbench.protocol import ALL
from ecgbench.results import SourceResults, results_path
from ecgbench.types import Attributions
from ecgbench.untrusted.files import regular_file


def submitted_run(path: Path, options: Options, metrics: tuple[str, ...] = ()) -> tuple[Run, list[Address]]:
    """A run that holds the maps of a submission's file, and the cells that they have scores of.

    Parameters
    ----------
    path : as `pack` writes it; nothing of it is believed, and no more is read of it than its windows need
    options : of the run; labels, split, edition and how windows are chosen are those of the file, and samples too, unless a
        number or "all" is asked for
    metrics : keys or globs; default all

    Raises
    ------
    InputError
        If the file is none, or its maps explain other windows or other models than the dataset's here.
    """
    with regular_file(path) as (file, size):
        header = read_header(file, size)
        contents = read_text(header.text)
        run = Run(_options(contents, options))
        _check_announced(run, contents, header)
        _check_windows(run, contents, header)
        maps, digest = _read_maps(file, size, contents, header)
    source = _source(contents, maps, digest, path)
    cells = _cells(source, contents, metrics)
    return run.on(cells, [source]), cells


def _source(contents: Contents, maps: Mapping[int, Attributions], digest: str, path: Path) -> SubmissionSource:
    about = contents.about
    said = {"file": digest, **asdict(about)}
    del said["name"]
    given = {(contents.dataset, contents.model, seed): maps[seed] for seed in maps}
    return SubmissionSource(about.name, given, said, f"ecgbench evaluate {shlex.quote(str(path))} --update-scores")


def check_place(run: Run, cells: Iterable[Address], root: Path) -> None:
    """Refuse a name under which another method's results are accepted below `root`.

    Raises
    ------
    InputError
        If there are such results.
    """
    for path, held in accepted_of(run, cells, root):
        if held.submission is None:
            raise InputError(
                f"expected no results of a method that was not submitted in {path}, got some; give the submission another name."
            )


def accepted_of(run: Run, cells: Iterable[Address], root: Path) -> Iterator[tuple[Path, SourceResults]]:
    """The files below `root` in which results beside those of the cells are accepted already, each once."""
    for path in {results_path(root, identity_of(run, cell), cell.source): None for cell in cells}:
        held = run.accepted(path)
        if held is not None:
            yield path, held


def _cells(source: SubmissionSource, contents: Contents, metrics: tuple[str, ...]) -> list[Address]:
    dataset, model = DATASETS[contents.dataset].key, known_model(contents.model)
    chosen = [name for name in Selection(metrics=metrics).metrics_of(dataset) if source.applies(split_metric(name)[0])]
    return [
        Address(dataset, model, source.key, variant, metric, seed)
        for seed in contents.seeds
        for variant in source.variants
        for metric in chosen
    ]


def _options(contents: Contents, options: Options) -> Options:
    has = contents.identity.samples
    if options.samples not in (None, has):
        raise InputError(
            f"expected maps of {options.samples} windows of each seed, got of {has}; ask for a file of maps of those that "
            f"`ecgbench windows --samples {options.samples}` writes, packed with `ecgbench submit --samples {options.samples}`."
        )
    names = ("samples", "explained", "labels", "split", "edition")
    named: dict[str, Any] = {name: getattr(contents.identity, name) or None for name in names}
    return replace(options, **named)


def _check_announced(run: Run, contents: Contents, header: Header) -> None:
    """Refuse, before any data are read or a model is trained, maps that the dataset's windows cannot have."""
    check_seeds(contents.dataset, run.spec(contents.dataset).all_seeds, contents.seeds)
    numbers = run.spec(contents.dataset)
    most = run.options.samples_of(numbers)
    if set(header.shapes) != {tensor_name(seed) for seed in contents.seeds}:
        raise refusal(f"tensors {sorted(header.shapes)} for seeds {sorted(contents.seeds)}")
    for name, (count, *form) in header.shapes.items():
        if form != [numbers.leads, numbers.window] or (most is not None and count > most):
            raise refusal(f"{name} of shape {(count, *form)} for at most {most or ALL} windows of {numbers.leads} x {numbers.window}")


def _check_windows(run: Run, contents: Contents, header: Header) -> None:
    dataset = contents.dataset
    own, given = to_builtins(described(identity(run, dataset, contents.model))), to_builtins(contents.identity)
    differs = [f"{name} {given[name]}, here {own[name]}" for name in own if given[name] != own[name]]
    if differs:
        raise InputError(
            f"expected maps of the windows of {dataset} that are here, got others: {'; '.join(differs)}; use the same records."
        )
    for seed, said in contents.seeds.items():
        of = ModelAddress(dataset, contents.model, seed)
        _refuse_training(run, of)
        if said.model != run.model(of).digest:
            raise other_model(of, "the file")
        if said != windows_of(run, of):
            raise other_windows(of, "the file", "others")
        shape = run.explained(of).windows.x.shape
        if header.shapes[tensor_name(seed)] != shape:
            raise refusal(f"maps of shape {header.shapes[tensor_name(seed)]} for windows of shape {shape}")


def _refuse_training(run: Run, of: ModelAddress) -> None:
    """Refuse to train, for a file that nobody vouches for, networks of another architecture or recipe than the dataset's default ones."""
    if of.model == DATASETS[of.dataset].default_model(run.options.edition):
        return
    for one in dict.fromkeys((of, *run.panel(of))):
        if run.model_at_hand(one) is None:
            raise InputError(
                f"expected the {one.model} model of {one.dataset} seed {one.seed} here, as maps of windows that it recognises are to be "
                f"scored, got none; train it first, `ecgbench train {one.dataset} --model {one.model} --seed {one.seed}`, or take its "
                "weights with `--from FILE`."
            )


def _read_maps(file: BufferedReader, size: int, contents: Contents, header: Header) -> tuple[Mapping[int, Attributions], str]:
    """The maps by seed, and the file's digest; its size is by now known to be what the windows need."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    file.seek(0)
    content = file.read(size)
    if read_header(BytesIO(content), len(content)) != header:
        raise refusal("a file that changed while it was read")
    try:
        tensors = load(content)
    except SafetensorError as error:
        raise refusal(str(error)) from error
    maps = {seed: tensors[tensor_name(seed)] for seed in contents.seeds}
    for seed in maps:
        check_maps(maps[seed], seed)
    return maps, hashlib.sha256(content).hexdigest()
