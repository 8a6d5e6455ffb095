"""The command-line options of a run, for `pytest benchmark` and `ecgbench run` alike."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import DATASETS
from ecgbench.device_kinds import PROCESSOR
from ecgbench.errors import InputError
from ecgbench.pipeline.cluster.addresses import check_cluster
from ecgbench.pipeline.grid.options import Options
from ecgbench.pipeline.grid.selection import Selection
from ecgbench.printable import shortened
from ecgbench.protocol import ALL, COMMON, EXPLAINED, OURS, PRECISIONS, PROTOCOLS
from ecgbench.untrusted.texts import seed_number, whole_number

MOST_SAMPLES = 1 << 31
"""The largest number of samples, as submissions have it; a dataset with fewer windows has all of them explained."""

_SEVERAL = MappingProxyType({"action": "append", "default": [], "metavar": "KEY"})

SELECTION_ARGUMENTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "--dataset": {**_SEVERAL, "help": "dataset, repeatable, globs allowed (default: those that need no files)"},
        "--model": {
            **_SEVERAL,
            "help": "network architecture, repeatable; globs select among the dataset's own ones (default: each dataset's usual one)",
        },
        "--recipe": {**_SEVERAL, "help": "how models are trained, repeatable, globs allowed (default: study)"},
        "--method": {
            **_SEVERAL,
            "help": "method or control, repeatable, globs allowed; KEY means raw and absolute maps, KEY_abs absolute ones",
        },
        "--metric": {
            **_SEVERAL,
            "help": 'metric, repeatable, globs allowed; "all" are all (default: those that ask methods for no further maps)',
        },
        "--seeds": {
            "action": "append",
            "default": [],
            "metavar": "1-5",
            "help": "models' seeds, such as 1-3,5 (default: the first; an embedded dataset's all)",
        },
    }
)
DATA_ARGUMENTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "--labels": {"default": None, "help": "rule that turns annotations into labels (default: the protocol's)"},
        "--split": {"default": None, "help": "split into training and test records (default: the dataset's standard one)"},
        "--edition": {"default": None, "help": "edition of the database, where there are several"},
    }
)
RUN_ARGUMENTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "--samples": {
            "default": None,
            "metavar": "N",
            "help": 'explained windows a dataset and seed, or "all" (default: the dataset\'s usual number, mostly 64)',
        },
        "--protocol": {"default": OURS, "choices": PROTOCOLS, "help": "the study's way of everything instead of ours"},
        "--explained": {
            "default": COMMON,
            "choices": EXPLAINED,
            "help": "windows that the models of all the dataset's seeds recognise (default common; those that are not there are trained), "
            "of each model those that it alone does (own), or those in which it predicts something abnormal, right or wrong, with "
            "the predicted class (predicted)",
        },
        "--device": {"default": PROCESSOR, "help": "torch device (default cpu)"},
        "--precision": {"default": PRECISIONS[0], "choices": PRECISIONS, "help": "precision of training where the store holds no model"},
        "--retrain": {
            "action": "store_true",
            "help": "train models (of common windows: of all seeds) even where the store or the package holds them",
        },
        "--update-scores": {"action": "store_true", "help": "accept the new values of the selected cells"},
        "--check-only": {
            "action": "store_true",
            "help": "compute nothing; fail where a cell's scores are not stored, or it has no accepted result",
        },
        "--allow-new": {
            "action": "store_true",
            "help": "let cells pass that have no accepted result, with --check-only too, or where --scores holds none at all",
        },
    }
)

CLUSTER_ARGUMENTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "--cluster": {
            "default": None,
            "metavar": "WHERE",
            "help": "let a Dask cluster compute (extra cluster): local:N for N workers on this machine, slurm:N for N jobs of a Slurm "
            "queue (extra slurm), the scheduler's tcp://HOST:PORT or tls://HOST:PORT, or the FILE.json that it wrote",
        }
    }
)


def cluster_from(given: Namespace) -> str | None:
    """The cluster that parsed arguments name, None if they name none.

    Raises
    ------
    InputError
        If no cluster is named so, or nothing may be computed.
    """
    if given.cluster is None:
        return None
    if given.check_only:
        raise InputError("expected one of --cluster and --check-only, got both; leave one out, since checking computes nothing.")
    return check_cluster(given.cluster)


def selection_from(given: Namespace, datasets: Sequence[str] = (), metrics: Sequence[str] = ()) -> Selection:
    """The cells that parsed arguments select.

    Parameters
    ----------
    datasets, metrics : what is selected where the arguments name no dataset, or no metric

    Raises
    ------
    UnknownKeyError
        If a dataset is not there.
    InputError
        If no selected dataset has a seed.
    """
    named, explained = tuple(given.dataset or datasets), getattr(given, "explained", COMMON)
    sources = (tuple(given.method), tuple(given.metric or metrics))
    chosen = Selection(named, *sources, parse_seeds(given.seeds), tuple(given.model), tuple(given.recipe), explained)
    chosen.check_seeds()
    return chosen


def options_from(given: Namespace, began: float) -> Options:
    """The run's options that parsed arguments name.

    Parameters
    ----------
    began : time at which the run began, in seconds since the epoch: with `--retrain` models must be younger
    """
    if given.update_scores and given.check_only:
        raise InputError("expected one of --update-scores and --check-only, got both; leave one out.")
    if given.retrain and given.check_only:
        raise InputError("expected one of --retrain and --check-only, got both; leave one out, since checking computes nothing.")
    return Options(
        samples=parse_samples(given.samples),
        labels=given.labels,
        split=given.split,
        edition=given.edition,
        protocol=given.protocol,
        explained=given.explained,
        device=_device(given.device),
        precision=given.precision,
        store=ArtifactStore(computing=not given.check_only),
        retrain_since=began if given.retrain else None,
    )


def parse_samples(text: str | None) -> int | str | None:
    """A positive number, "all", or None for the dataset's usual number."""
    if text is None or text == ALL:
        return text
    try:
        return whole_number("--samples", text, 1, MOST_SAMPLES)
    except InputError as error:
        raise InputError(
            f'expected --samples as a positive number up to {MOST_SAMPLES} or "all", got "{shortened(text)}"; name one of these.'
        ) from error


def parse_seeds(texts: Sequence[str]) -> tuple[int, ...]:
    """Seeds of texts such as "1-3,5".

    Raises
    ------
    InputError
        If a text is none such, or has a range of more seeds than any dataset has.
    """
    seeds: list[int] = []
    for part in (part for text in texts for part in text.split(",")):
        seeds += _range(part)
    return tuple(dict.fromkeys(seeds))


def _range(text: str) -> range:
    first, dash, last = text.partition("-")
    try:
        start, end = seed_number(first), seed_number(last if dash else first)
    except InputError as error:
        raise _no_range(text) from error
    if end < start:
        raise _no_range(text)
    most = max(len(entry.numbers(edition).all_seeds) for entry in DATASETS for edition in entry.edition_names)
    if end - start >= most:
        raise InputError(f'expected ranges of at most {most} seeds, which is the most that a dataset has, got "{text}"; name fewer.')
    return range(start, end + 1)


def _no_range(text: str) -> InputError:
    return InputError(f'expected --seeds as numbers and ranges such as 1-3,5, got "{shortened(text)}"; write it like that.')


def _device(name: str) -> str:
    """The name of a device that can be used; torch is imported only where that is not certain."""
    if name != PROCESSOR:
        from ecgbench.nn import device_named

        device_named(name)
    return name
