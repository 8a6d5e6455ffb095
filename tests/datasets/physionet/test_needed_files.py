"""Which files of a database are fetched for each dataset, of those that its list has."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecgbench.datasets import DATASETS
from ecgbench.datasets.physionet.needed_files import needed_files
from ecgbench.protocol import ICENTIA11K
from tests.datasets.small_icentia11k import path_of

SUM = "0" * 64

FIRST, LAST = (path_of(name).as_posix() for name in (ICENTIA11K.train[0], ICENTIA11K.test[-1]))

NEEDED = {
    ("mitdb", ""): ([f"{record}.hea" for record in ("101", "102")], [f"101{suffix}" for suffix in (".hea", ".dat", ".atr")]),
    ("icentia11k", ""): (
        [f"{FIRST}.hea", f"{FIRST}.dat", f"{FIRST}.atr", f"{LAST}.atr", "p00/p00000/p00000_s00.hea"],
        [f"{FIRST}.hea", f"{FIRST}.dat", f"{FIRST}.atr", f"{LAST}.atr"],
    ),
    **{
        ("ludb", edition): (
            ["RECORDS", "data/1.dat", "data/1.hea", "data/1.ii", "data/1.v6", "data/README", "ludb.csv"],
            ["data/1.dat", "data/1.hea", "data/1.ii", "data/1.v6"],
        )
        for edition in ("1.0.1", "1.0.1@100hz")
    },
    ("ptbxl", "1.0.3"): (
        ["records100/00000/00001_lr.dat", "records500/00000/00001_hr.dat", "records500/00000/00001_hr.hea", "LICENSE.txt"],
        ["ptbxl_database.csv", "scp_statements.csv", "records500/00000/00001_hr.dat", "records500/00000/00001_hr.hea"],
    ),
    ("ptbxl", "1.0.3@100hz"): (
        ["records100/00000/00001_lr.dat", "records500/00000/00001_hr.dat"],
        ["ptbxl_database.csv", "scp_statements.csv", "records100/00000/00001_lr.dat"],
    ),
    ("ptbxl", "challenge-2021"): (
        [f"training/{path}" for path in ("ptb-xl/g1/HR00001.mat", "ptb-xl/g1/HR00001.hea", "ptb-xl/g1/RECORDS", "ptb/g1/S0001.hea")],
        ["training/ptb-xl/g1/HR00001.hea", "training/ptb-xl/g1/HR00001.mat"],
    ),
}
"""For a dataset and an edition, paths that its database lists, and those that are needed; of mitdb, the first record's."""


@pytest.mark.parametrize(("key", "edition"), NEEDED)
def test_needed_files_are_the_datasets_own(tmp_path: Path, key: str, edition: str) -> None:
    listed, needed = NEEDED[key, edition]
    (tmp_path / "SHA256SUMS.txt").write_text("".join(f"{SUM} {path}\n" for path in listed))
    found = needed_files(DATASETS[key], tmp_path, edition)
    assert list(found)[: len(needed) if key == "mitdb" else None] == needed
    assert all(expected == (SUM if path in listed else None) for path, expected in found.items())
