"""`datasets`, `download` and `verify`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ecgbench.cli._verb import DONE, FAILED, FOLDER, TEXT, URL, count, say

if TYPE_CHECKING:
    from ecgbench.cli._verb import Verbs
    from ecgbench.datasets import DatasetEntry, Verification
    from ecgbench.types import Dataset, Windows

MAX_JOBS = 64
"""Most files that may be fetched at the same time: a server is not to be overrun."""

SHOWN = 10
"""Files of one kind that are named."""


def add_datasets(verbs: Verbs) -> None:
    """Add the verb `datasets`."""
    verb = verbs.add_parser("datasets", help="list the datasets: licence, size, whether their records are here")
    verb.set_defaults(run=_datasets)


def add_download(verbs: Verbs) -> None:
    """Add the verb `download`."""
    verb = verbs.add_parser("download", help="fetch a dataset's records, or go on where that was cut off")
    _add_place(verb)
    verb.add_argument("--mirror", type=URL, metavar="URL", help="where <slug>/<version>/ lies (default PhysioNet)")
    verb.add_argument("--records", type=TEXT, nargs="+", default=(), metavar="RECORD", help="only these records: names or globs")
    verb.add_argument("--jobs", type=count("jobs", MAX_JOBS), default=8, help="files that are fetched at the same time (default 8)")
    verb.add_argument("--allow-unlisted", action="store_true", help="also fetch files without a known SHA-256, by length and form")
    verb.set_defaults(run=_download)


def add_verify(verbs: Verbs) -> None:
    """Add the verb `verify`."""
    verb = verbs.add_parser("verify", help="compare a dataset's files with their SHA-256 and count its windows")
    _add_place(verb)
    verb.set_defaults(run=_verify)


def _add_place(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("dataset", type=TEXT)
    verb.add_argument("--edition", type=TEXT, help="edition of the database, where there are several")
    verb.add_argument("--dir", type=FOLDER, help="folder of the records, laid out as <slug>/<version>/ (default ECGBENCH_DATA)")


def _datasets(given: argparse.Namespace) -> int:
    from tabulate import tabulate

    from ecgbench.datasets import DATASETS

    rows = [_row(entry, edition) for entry in DATASETS for edition in entry.edition_names]
    say(tabulate(rows, headers=["dataset", "edition", "title", "licence", "size", "files", "where, or what fetches them"]))
    return DONE


def _row(entry: DatasetEntry, edition: str) -> list[str]:
    from ecgbench.datasets import data_root, fetch_command, files_here, folder_of, is_simulated

    form = entry.edition(edition)
    about = [entry.key, edition, entry.title, entry.licence]
    if entry.files is None:
        return [*about, "", *(("embedded", "") if entry.embedded else ("own", form.source))]
    folder = folder_of(entry, data_root(), edition)
    here, needed = files_here(entry, folder, edition)
    state = "absent" if not here else "here" if here == needed else f"{here} of {needed}"
    simulated = ", simulated" if is_simulated(folder) else ""
    where = str(folder) if state == "here" else fetch_command(form.protocol)
    return [*about, f"{form.megabytes:g} MB", state + simulated, where]


def _download(given: argparse.Namespace) -> int:
    from ecgbench.datasets import DATASETS, data_root, download, folder_of, is_simulated

    entry, root = DATASETS[given.dataset], given.dir or data_root()
    folder = folder_of(entry, root, given.edition)
    _say_terms(entry, given.edition, folder, given.mirror)
    done = download(entry, root, given.edition, given.mirror, given.records, given.jobs, given.allow_unlisted)
    simulated = "; they are simulated, no recordings" if is_simulated(folder) else ""
    say(f"{done.fetched} files fetched ({done.bytes / 1e6:.1f} MB), {done.whole} were here and whole, in {folder}{simulated}")
    return DONE


def _say_terms(entry: DatasetEntry, edition: str | None, folder: Path, mirror: str | None) -> None:
    """What a user must know before the first byte comes."""
    from ecgbench.datasets import pinned_sums

    form = entry.edition(edition)
    pinned = len(pinned_sums(form.protocol))
    terms = {
        "licence": entry.licence,
        "conditions": entry.conditions,
        "size": f"about {form.megabytes:g} MB",
        "source": form.source,
        "mirror": mirror,
        "sums": f"{pinned or 'none'} fixed by ecgbench, of other files those in the database's list are believed",
        "into": folder,
    }
    say("\n".join([entry.title, *(f"  {name}: {term}" for name, term in terms.items() if term)]))


def _verify(given: argparse.Namespace) -> int:
    from ecgbench.datasets import DATASETS, data_root, load_dataset, verify

    entry, root = DATASETS[given.dataset], given.dir or data_root()
    found = verify(entry, root, given.edition)
    _say_files(found)
    if not (found.missing or found.damaged):
        dataset = load_dataset(entry.key, root, edition=given.edition)
        _say_windows(dataset, entry)
    return DONE if found.complete else FAILED


def _say_files(found: Verification) -> None:
    for state, paths in (("damaged", found.damaged), ("missing", found.missing), ("without a sum", found.unlisted)):
        for path in paths[:SHOWN]:
            say(f"{state}: {path}")
        if len(paths) > SHOWN:
            say(f"{state}: {len(paths) - SHOWN} more")
    say(
        f"{len(found.whole)} files whole, {len(found.missing)} missing, {len(found.damaged)} damaged, "
        f"{len(found.unlisted)} without a sum in SHA256SUMS.txt"
    )


def _say_windows(dataset: Dataset, entry: DatasetEntry) -> None:
    """Windows of each class, or with each label, on either side of the split."""
    from tabulate import tabulate

    columns = {"class": dataset.classes, "train": _counts(dataset.train, dataset), "test": _counts(dataset.test, dataset)}
    if entry.published:
        columns["published, whole database"] = [entry.published.get(name, "") for name in dataset.classes]
    say(f"\n{tabulate(columns, headers='keys')}")
    say("\n".join(["", *dataset.notes, *(["The records are simulated, no recordings."] if dataset.simulated else [])]))


def _counts(windows: Windows, dataset: Dataset) -> list[int]:
    import numpy as np

    classes = np.arange(len(dataset.classes))
    held = windows.y if windows.y.ndim == 2 else windows.y[:, None] == classes
    return [int(count) for count in held.sum(axis=0, dtype=np.int64)]
