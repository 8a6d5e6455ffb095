"""`datasets`, `download` and `verify`."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecgbench.cli._verb import DONE, FAILED, FOLDER, TEXT, URL, count
from ecgbench.cli.terminal.speech import say
from ecgbench.cli.terminal.tables import add_json, say_json, say_table, show_rows

if TYPE_CHECKING:
    from ecgbench.cli.terminal.parser import Parser
    from ecgbench.datasets import DatasetEntry, Verification
    from ecgbench.types import Dataset

MAX_JOBS = 64
"""Most files that may be fetched at the same time: a server is not to be overrun."""

SHOWN = 10
"""Files of one kind that are named."""


def fill_datasets(verb: Parser) -> None:
    """Arguments of the verb `datasets`."""
    add_json(verb)
    verb.set_defaults(run=_datasets)


def fill_download(verb: Parser) -> None:
    """Arguments of the verb `download`."""
    _add_place(verb)
    verb.add_argument("--mirror", type=URL, metavar="URL", help="where <slug>/<version>/ lies (default PhysioNet)")
    verb.add_argument("--records", type=TEXT, nargs="+", default=(), metavar="RECORD", help="only these records: names or globs")
    verb.add_argument("--jobs", type=count("jobs", MAX_JOBS), default=8, help="files that are fetched at the same time (default 8)")
    verb.add_argument("--allow-unlisted", action="store_true", help="also fetch files without a known SHA-256, by length and form")
    verb.set_defaults(run=_download)


def fill_verify(verb: Parser) -> None:
    """Arguments of the verb `verify`."""
    _add_place(verb)
    add_json(verb)
    verb.set_defaults(run=_verify)


def _add_place(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("dataset", type=TEXT)
    verb.add_argument("--edition", type=TEXT, help="edition of the database, where there are several")
    verb.add_argument("--dir", type=FOLDER, help="folder of the records, laid out as <slug>/<version>/ (default ECGBENCH_DATA)")


def _datasets(given: argparse.Namespace) -> int:
    from ecgbench.datasets import DATASETS

    headings = ("dataset", "edition", "title", "licence", "size", "files", "where, or what fetches them")
    rows = [_row(entry, edition) for entry in DATASETS for edition in entry.edition_names]
    show_rows([dict(zip(headings, row, strict=True)) for row in rows], given.json)
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
    usable = not (found.missing or found.damaged)
    dataset = load_dataset(entry.key, root, edition=given.edition) if usable else None
    if given.json:
        windows = {} if dataset is None else {"windows": _windows(dataset, entry), "notes": dataset.notes, "simulated": dataset.simulated}
        say_json({"complete": found.complete, **asdict(found), **windows})
    else:
        _say_files(found)
        if dataset is not None:
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
    say("")
    say_table(_windows(dataset, entry))
    say("\n".join(["", *dataset.notes, *(["The records are simulated, no recordings."] if dataset.simulated else [])]))


def _windows(dataset: Dataset, entry: DatasetEntry) -> list[dict[str, Any]]:
    """Windows of each class, or with each label, on either side of the split."""
    from ecgbench.types import class_counts

    sides = (class_counts(side, len(dataset.classes)) for side in (dataset.train, dataset.test))
    counts = zip(dataset.classes, *sides, strict=True)
    rows: list[dict[str, Any]] = [{"class": name, "train": train, "test": test} for name, train, test in counts]
    if not entry.published:
        return rows
    return [{**row, "published, whole database": entry.published.get(name)} for name, row in zip(dataset.classes, rows, strict=True)]
