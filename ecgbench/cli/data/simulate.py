"""`simulate`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ecgbench.cli._verb import DONE, FOLDER, SEED, TEXT, count
from ecgbench.cli.terminal.speech import say
from ecgbench.errors import InputError

if TYPE_CHECKING:
    from ecgbench.cli.terminal.parser import Parser


LARGEST = 100_000
"""Most records, and most windows of each, that a simulation is asked for."""


def fill_simulate(verb: Parser) -> None:
    """Arguments of the verb `simulate`."""
    verb.add_argument("dataset", type=TEXT)
    verb.add_argument("dir", type=FOLDER, metavar="DIR", help="folder to write <slug>/<version>/ into; then ECGBENCH_DATA=DIR uses it")
    verb.add_argument("--edition", type=TEXT, help="edition of the database, where there are several")
    verb.add_argument(
        "--records", type=count("records", LARGEST), help="number of records, where the split doesn't name them (default: few)"
    )
    verb.add_argument("--windows", type=count("windows", LARGEST), help="windows a record (default: few)")
    verb.add_argument("--seed", type=SEED, default=0, help="of the simulation (default 0)")
    verb.set_defaults(run=_simulate)


def _simulate(given: argparse.Namespace) -> int:
    from ecgbench.datasets import DATASETS, SIMULATED, SimulatedSize

    entry = DATASETS[given.dataset]
    if entry.simulate is None:
        possible = ", ".join(one.key for one in DATASETS if one.simulate is not None)
        raise InputError(f"expected a dataset whose database can be simulated ({possible}), got {entry.key}; choose one of these.")
    numbers = entry.numbers(given.edition)
    folder = given.dir / numbers.slug / numbers.version
    entry.simulate(folder, numbers, SimulatedSize(given.records, given.windows, given.seed))
    say(f"{(folder / SIMULATED).read_text().rstrip()}\nwritten to {folder}; ECGBENCH_DATA={given.dir} uses it")
    return DONE
