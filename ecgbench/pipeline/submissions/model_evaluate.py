"""A run on submitted models: of a file that nobody vouches for, whose architecture is registered here and whose weights have a digest."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from ecgbench.datasets import DATASETS
from ecgbench.errors import EcgbenchError, InputError
from ecgbench.models import Form, known_model, model_digest, models_file
from ecgbench.pipeline.compute.models import GivenModels, TrainedModel, given_model
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.grid.address import Address, ModelAddress
from ecgbench.pipeline.grid.options import Options
from ecgbench.pipeline.grid.selection import Selection
from ecgbench.pipeline.submissions.evaluate import accepted_of
from ecgbench.pipeline.submissions.header import refusal
from ecgbench.pipeline.submissions.model_form import ModelContents, data_identity, is_about_models, read_models_text


def holds_models(path: Path) -> bool:
    """Whether a submission's file holds models; what is none of both is not, and refused where it is read as maps."""
    try:
        with models_file(path) as held:
            return is_about_models(held.text)
    except EcgbenchError:
        return False


def submitted_models(path: Path, options: Options, methods: tuple[str, ...], metrics: tuple[str, ...]) -> tuple[Run, list[Address]]:
    """A run on the models of a submission's file, and the cells that are computed of them: the grid's, of all the file's seeds.

    Parameters
    ----------
    path : as `pack_models` writes it; its weights are read as numbers, and its architecture must be registered here
    options : of the run; labels, split and edition are those of the file
    methods, metrics : keys or globs; default those that a run takes

    Raises
    ------
    InputError
        If the file is none, or its models were made for other windows than the dataset's here.
    CheckpointError
        If its architecture is not registered, or its weights are none of it.
    """
    with models_file(path) as held:
        contents = read_models_text(held.text)
        run = Run(_options(contents, options))
        _check_data(run, contents)
        modules, digest = held.networks(contents.form, sorted(contents.seeds))
    digests = {seed: model_digest(module) for seed, module in modules.items()}
    if digests != contents.seeds:
        raise refusal("weights of other digests than it announces")
    given = {_address(contents, seed): _given(run, contents, seed, modules[seed]) for seed in modules}
    said = {"file": digest, **asdict(contents.about)}
    taken = GivenModels(given, said, f"ecgbench evaluate {shlex.quote(str(path))} --update-scores")
    chosen = Selection((contents.dataset,), methods, metrics, tuple(sorted(modules)), (contents.model,))
    cells = replace(chosen, explained=options.explained).cells()
    return Run(run.options, cells, given=taken), cells


def check_models_place(run: Run, cells: Iterable[Address], root: Path) -> None:
    """Refuse models of a name under which results of others that were not submitted are accepted below `root`.

    Raises
    ------
    InputError
        If there are such results.
    """
    for path, held in accepted_of(run, cells, root):
        if held.submitted_models is None:
            raise InputError(
                f"expected no results of models that were not submitted in {path}, got some; register the architecture under another name."
            )


def _address(contents: ModelContents, seed: int) -> ModelAddress:
    return ModelAddress(DATASETS[contents.dataset].key, known_model(contents.model), seed)


def _given(run: Run, contents: ModelContents, seed: int, module: Any) -> TrainedModel:
    return given_model(run.dataset(contents.dataset), seed, module, contents.form)


def _options(contents: ModelContents, options: Options) -> Options:
    named: dict[str, Any] = {name: getattr(contents.identity, name) or None for name in ("labels", "split", "edition")}
    return replace(options, **named)


def _check_data(run: Run, contents: ModelContents) -> None:
    """Refuse, before a tensor is read, models for other windows than those that are here, or of other seeds."""
    dataset = DATASETS[contents.dataset].key
    own, given = to_builtins(data_identity(run, dataset)), to_builtins(contents.identity)
    differs = [f"{name} {given[name]}, here {own[name]}" for name in own if given[name] != own[name]]
    if differs:
        raise InputError(
            f"expected models of the windows of {dataset} that are here, got others: {'; '.join(differs)}; use the same records."
        )
    seeds = run.spec(dataset).seeds
    if set(contents.seeds) != set(seeds):
        got = ", ".join(map(str, sorted(contents.seeds)))
        raise InputError(f"expected models of seeds {', '.join(map(str, seeds))} of {dataset}, got {got}; pack all of them.")
    held = run.dataset(dataset)
    leads, samples = held.test.signal.shape[1:]
    form = Form(contents.form.model, leads, samples, len(held.classes))
    if contents.form != form:
        raise refusal(f"networks of {contents.form} for windows of {form}")
