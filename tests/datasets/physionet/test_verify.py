"""What is whole, missing, damaged or without a sum is told apart, file by file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ecgbench.datasets import DATASETS, Verification, data_root, files_here, verify
from ecgbench.errors import DataError, InputError, MissingDataError
from tests.datasets.physionet.databases import ENTRY, PATHS, content_of, list_sums, publish


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return publish(tmp_path)


def test_published_database_is_whole(folder: Path, tmp_path: Path) -> None:
    found = verify(ENTRY, tmp_path)
    assert found == Verification(whole=PATHS, missing=(), damaged=(), unlisted=())
    assert found.complete


@pytest.mark.parametrize("damage", [b"", content_of(PATHS[2])[:-1], content_of(PATHS[2]) + b"\0", content_of(PATHS[3])], ids=len)
def test_damaged_file_is_named(folder: Path, tmp_path: Path, damage: bytes) -> None:
    (folder / PATHS[2]).write_bytes(damage)
    found = verify(ENTRY, tmp_path)
    assert found == Verification(whole=(*PATHS[:2], *PATHS[3:]), missing=(), damaged=(PATHS[2],), unlisted=())
    assert not found.complete


def test_missing_file_is_named_whether_it_is_listed_or_not(folder: Path, tmp_path: Path) -> None:
    list_sums(folder, PATHS[1:])
    for path in PATHS[:2]:
        (folder / path).unlink()
    found = verify(ENTRY, tmp_path)
    assert found == Verification(whole=PATHS[2:], missing=PATHS[:2], damaged=(), unlisted=())
    assert not found.complete


def test_file_without_a_sum_is_named_and_not_taken_for_whole(folder: Path, tmp_path: Path) -> None:
    list_sums(folder, PATHS[1:])
    found = verify(ENTRY, tmp_path)
    assert found == Verification(whole=PATHS[1:], missing=(), damaged=(), unlisted=PATHS[:1])
    assert not found.complete


def test_file_that_is_not_needed_does_not_matter(folder: Path, tmp_path: Path) -> None:
    (folder / "not needed.txt").unlink()
    assert verify(ENTRY, tmp_path).complete


def test_part_of_a_file_is_not_the_file(folder: Path, tmp_path: Path) -> None:
    (folder / PATHS[0]).rename((folder / PATHS[0]).with_name(f".{Path(PATHS[0]).name}.part"))
    assert verify(ENTRY, tmp_path).missing == PATHS[:1]


def test_absent_list_is_named_with_the_command_that_fetches_it(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"mitdb/1\.0\.0/SHA256SUMS\.txt, got no such file; fetch it: ecgbench download mitdb --dir"):
        verify(DATASETS["mitdb"], tmp_path)
    with pytest.raises(MissingDataError, match=r"SHA256SUMS\.txt, got no such file; fetch it: ecgbench download mitdb$"):
        verify(DATASETS["mitdb"], data_root())


def test_damaged_list_is_refused_by_its_line(folder: Path, tmp_path: Path) -> None:
    with open(folder / "SHA256SUMS.txt", "a") as file:
        file.write("nonsense\n")
    with pytest.raises(DataError, match=r"expected a SHA-256 and a path in line 12 of .*, got \"nonsense\"; delete it"):
        verify(ENTRY, tmp_path)


def test_dataset_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="got synthetic, which needs no files"):
        verify(DATASETS["synthetic"], tmp_path)


def test_real_database_is_whole_and_a_flipped_bit_is_found(records: Path, tmp_path: Path) -> None:
    entry = DATASETS["mitdb"]
    assert len(verify(entry, records).whole) == 132
    folder = tmp_path / "mitdb" / "1.0.0"
    folder.mkdir(parents=True)
    for path in (records / "mitdb" / "1.0.0").iterdir():
        (folder / path.name).symlink_to(path)
    content = bytearray((folder / "234.dat").read_bytes())
    content[-1] ^= 1
    (folder / "234.dat").unlink()
    (folder / "234.dat").write_bytes(content)
    found = verify(entry, tmp_path)
    assert (found.damaged, len(found.whole)) == (("234.dat",), 131)


def test_files_are_counted_without_being_read(folder: Path, tmp_path: Path) -> None:
    assert files_here(ENTRY, folder) == (10, 10)
    (folder / PATHS[0]).write_bytes(b"damaged")
    (folder / PATHS[1]).unlink()
    assert files_here(ENTRY, folder) == (9, 10)
    assert files_here(ENTRY, tmp_path / "absent") == (0, 0)
    assert files_here(replace(ENTRY, files=lambda numbers, listed: list(listed)), folder) == (10, 11)
