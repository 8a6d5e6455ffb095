"""Checksums that the benchmark itself fixes, so that a mirror is not believed that serves other records with a list that fits them.

`sums/<slug>-<version>.txt` has them, in the form of SHA256SUMS.txt. A database without such a file, or a path that is not in it, is not
pinned: what the mirror's own list says is believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ecgbench.datasets.records.files.checksums import SUMS, read_sums, sums_of
from ecgbench.datasets.simulator.stand_in import SIMULATED
from ecgbench.errors import DataError
from ecgbench.protocol import DatasetProtocol

FOLDER = Path(__file__).with_name("sums")
"""Where the pinned checksums are."""


def pinned_sums(numbers: DatasetProtocol) -> dict[str, str]:
    """SHA-256 of each pinned path of a database; none if it isn't pinned."""
    path = FOLDER / f"{numbers.slug}-{numbers.version}.txt"
    return dict(read_sums(path)) if path.is_file() else {}


def refuse_forged(numbers: DatasetProtocol, path: Path) -> None:
    """Refuse a SHA256SUMS.txt that gives a pinned file another sum. One that lists the mark of simulated records claims no recordings.

    Raises
    ------
    DataError
        If the list is damaged or forged.
    """
    pinned = pinned_sums(numbers)
    listed = sums_of(path, {*pinned, SIMULATED})
    other = [name for name, expected in pinned.items() if listed.get(name, expected) != expected]
    if other and SIMULATED not in listed:
        raise DataError(
            f"expected the SHA-256 of {other[0]} that ecgbench fixes for {numbers.slug} {numbers.version}, {pinned[other[0]]}, got "
            f"{listed[other[0]]} in its {SUMS}, and {len(other) - 1} others that differ; name another --mirror: this one's files "
            "are not the published ones."
        )


def with_pinned(numbers: DatasetProtocol, listed: Mapping[str, str]) -> dict[str, str]:
    """The listed sums, and those that are pinned instead of what is listed; as they are where the records are simulated."""
    return dict(listed) if SIMULATED in listed else {**listed, **pinned_sums(numbers)}
