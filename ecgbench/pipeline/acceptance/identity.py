"""What must be the same for two values of a cell to be compared, and the commands that compute and accept them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from ecgbench.datasets import DATASETS
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.grid.address import Address, ModelAddress
from ecgbench.protocol import COMMON, OURS
from ecgbench.results import Identity

Samples = int | Literal["all"]


def identity(run: Run, dataset: str, model: str) -> Identity:
    """What must be the same for two values of a cell to be compared.

    Parameters
    ----------
    dataset, model : keys of the dataset and of the architecture
    """
    loaded = run.dataset(dataset)
    samples: Samples = run.options.samples_of(run.spec(dataset)) or "all"
    return Identity(
        dataset=dataset,
        differs=_differs(run, dataset, samples),
        model=model,
        edition=loaded.edition,
        split=loaded.split,
        labels=loaded.labels,
        protocol=run.options.protocol,
        samples=samples,
        explained=run.options.explained,
        simulated=loaded.simulated,
        windows=loaded.key,
    )


def identity_of(run: Run, of: Address | ModelAddress) -> Identity:
    """The identity of a cell's or a model's numbers."""
    return identity(run, of.dataset, of.model)


def panel_digests(run: Run, of: ModelAddress) -> dict[str, str]:
    """Digests, by seed, of the models that recognise what is explained of a model; none where each explains its own windows."""
    if run.options.explained != COMMON:
        return {}
    return {str(one.seed): run.model(one).digest for one in run.panel(of)}


def _differs(run: Run, dataset: str, samples: Samples) -> str:
    """What differs from the dataset's default identity."""
    loaded, options, entry = run.dataset(dataset), run.options, DATASETS[dataset]
    labels, split = entry.usual(options.protocol)
    differs = [
        ("" if options.protocol == OURS else options.protocol),
        ("" if loaded.labels == labels else f"labels-{loaded.labels}"),
        ("" if loaded.split == split else f"split-{loaded.split}"),
        ("" if loaded.edition == entry.edition_names[0] else loaded.edition.rpartition("@")[2]),
        ("" if samples == run.spec(dataset).samples else f"samples-{samples}"),
        ("" if options.explained == COMMON else f"explained-{options.explained}"),
        ("simulated" if loaded.simulated else ""),
    ]
    return "+".join(filter(None, differs))


def accept_command(run: Run, cell: Address) -> str:
    """The command that accepts the cell's new value."""
    if run.given is not None:
        return run.given.command
    return run.source(cell.source).accept_command(f"{compute_command(run, cell.flags)} --update-scores")


def compute_command(run: Run, flags: Mapping[str, str]) -> str:
    """The command that computes with the run's options what flags such as "dataset" select."""
    return " ".join(["pytest benchmark", *(f"--{name} {value}" for name, value in flags.items()), *_run_flags(run)])


def _run_flags(run: Run) -> list[str]:
    """Command-line options that restore the run's own."""
    o = run.options
    samples = [] if o.samples is None else [f"--samples {o.samples}"]
    protocol, explained = (None if value == usual else value for value, usual in ((o.protocol, OURS), (o.explained, COMMON)))
    given = {"labels": o.labels, "split": o.split, "edition": o.edition, "protocol": protocol, "explained": explained}
    return samples + [f"--{name} {value}" for name, value in given.items() if value]
