"""Downloads from a server that behaves: what is fetched, what is not fetched again, and what is refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import DATASETS, data_root, download, fetch_command, load_dataset
from ecgbench.errors import DataError, InputError
from ecgbench.protocol import MITDB, PTBXL, PTBXL_100HZ
from tests.datasets.physionet.databases import ENTRY, NAMES, NUMBERS, PATHS, WHOLE, content_of, fetch, held, list_sums
from tests.datasets.physionet.server import Fault, FileServer, serving

pytestmark = pytest.mark.network


@pytest.fixture
def folder(root: Path) -> Path:
    return root / NUMBERS.slug / NUMBERS.version


def test_exactly_the_needed_files_come_and_are_the_published_ones(server: FileServer, root: Path, folder: Path) -> None:
    done = fetch(server, root)
    assert (done.folder, done.fetched, done.whole) == (folder, len(PATHS), 0)
    assert done.bytes == sum(map(len, WHOLE.values()))
    assert held(root) == WHOLE
    assert server.counts == Counter(["SHA256SUMS.txt", *NAMES, "table.csv"])


def test_whole_files_are_not_asked_for_again(server: FileServer, root: Path) -> None:
    fetch(server, root)
    before = len(server.asked)
    done = fetch(server, root)
    assert (done.fetched, done.whole, done.bytes) == (0, len(PATHS), 0)
    assert len(server.asked) == before


@pytest.mark.parametrize("damage", [b"", content_of(PATHS[0]) + b"\0"], ids=len)
def test_damaged_file_alone_is_fetched_again(server: FileServer, root: Path, folder: Path, damage: bytes) -> None:
    fetch(server, root)
    (folder / PATHS[0]).write_bytes(damage)
    done = fetch(server, root)
    assert (done.fetched, done.whole) == (1, len(PATHS) - 1)
    assert held(root) == WHOLE
    assert server.counts[NAMES[0]] == 2


def test_damaged_file_stays_until_a_whole_one_replaces_it(server: FileServer, root: Path, folder: Path) -> None:
    fetch(server, root)
    (folder / PATHS[0]).write_bytes(b"mine")
    server.faults[NAMES[0]] = Fault(content=b"wrong")
    with pytest.raises(DataError):
        fetch(server, root)
    assert held(root) == {**WHOLE, PATHS[0]: b"mine"}


@pytest.mark.parametrize("kept", [1, len(content_of(PATHS[0])) - 1])
def test_only_the_rest_of_a_file_is_asked_for(server: FileServer, root: Path, folder: Path, kept: int) -> None:
    part = folder / "records" / f".{NAMES[0]}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(content_of(PATHS[0])[:kept])
    done = fetch(server, root)
    assert [(asked.range, asked.sent) for asked in server.of(NAMES[0])] == [(f"bytes={kept}-", len(content_of(PATHS[0])) - kept)]
    assert done.bytes == sum(map(len, WHOLE.values())) - kept
    assert held(root) == WHOLE


def test_part_that_is_whole_costs_no_byte(server: FileServer, root: Path, folder: Path) -> None:
    (folder / "records").mkdir(parents=True)
    (folder / "records" / f".{NAMES[0]}.part").write_bytes(content_of(PATHS[0]))
    fetch(server, root)
    assert [asked.sent for asked in server.of(NAMES[0])] == [0]
    assert held(root) == WHOLE


def test_part_of_another_file_is_thrown_away(server: FileServer, root: Path, folder: Path) -> None:
    (folder / "records").mkdir(parents=True)
    (folder / "records" / f".{NAMES[0]}.part").write_bytes(b"other" * 100)
    fetch(server, root)
    assert [asked.range for asked in server.of(NAMES[0])] == ["bytes=500-", None]
    assert held(root) == WHOLE


def test_part_that_is_longer_than_the_file_is_thrown_away(server: FileServer, root: Path, folder: Path) -> None:
    (folder / "records").mkdir(parents=True)
    (folder / "records" / f".{NAMES[0]}.part").write_bytes(content_of(PATHS[0]) + b"more")
    fetch(server, root)
    assert [asked.range for asked in server.of(NAMES[0])] == ["bytes=20004-", None]
    assert held(root) == WHOLE


def test_list_that_was_cut_off_is_fetched_again(server: FileServer, root: Path, folder: Path, published: Path) -> None:
    fetch(server, root)
    whole = (published / "SHA256SUMS.txt").read_bytes()
    (folder / "SHA256SUMS.txt").write_bytes(whole[:-3])
    fetch(server, root)
    assert (folder / "SHA256SUMS.txt").read_bytes() == whole
    assert server.counts["SHA256SUMS.txt"] == 2


@pytest.mark.parametrize("jobs", [1, 3])
def test_no_more_files_are_asked_for_at_once_than_there_are_jobs(server: FileServer, root: Path, jobs: int) -> None:
    server.faults = {name: Fault(pause=0.05) for name in NAMES}
    fetch(server, root, jobs=jobs)
    assert min(jobs, 2) <= server.busiest <= jobs


def test_name_with_characters_that_mean_something_in_a_url_is_fetched(server: FileServer, root: Path, published: Path) -> None:
    odd = "records/odd #1?%41 ä.dat"
    (published / odd).write_bytes(b"odd")
    list_sums(published, [odd])
    fetch(server, root, replace(ENTRY, files=lambda numbers, listed: list(listed)))
    assert held(root) == {odd: b"odd"}


# Records


@pytest.mark.parametrize(("patterns", "taken"), [(["10*"], ["100", "101"]), (["200", "?01"], ["101", "200"])])
def test_named_records_come_with_the_files_that_are_no_record_s(
    server: FileServer, root: Path, patterns: list[str], taken: list[str]
) -> None:
    fetch(server, root, records=patterns)
    assert set(held(root)) == {"table.csv", *(f"records/{name}{suffix}" for name in taken for suffix in (".hea", ".dat", ".atr"))}


def test_record_that_does_not_exist_is_refused_with_those_that_do(server: FileServer, root: Path) -> None:
    with pytest.raises(InputError, match=r'expected records of tinydb, got "3\*"; choose among 100, 101, 200\.'):
        fetch(server, root, records=["100", "3*"])
    assert held(root) == {}


def test_long_list_of_records_is_shown_by_its_ends(server: FileServer, root: Path) -> None:
    entry = replace(ENTRY, files=lambda numbers, listed: [f"{i}.hea" for i in range(1000, 1050)])
    with pytest.raises(InputError, match=r"1000, 1001, .* 1004 \.\.\. 1045, .* \(50 records\)"):
        fetch(server, root, entry, records=["x"])


@pytest.mark.parametrize("listed", [True, False])
def test_mark_of_simulated_records_comes_where_it_is_listed(server: FileServer, root: Path, published: Path, listed: bool) -> None:
    (published / "SIMULATED").write_text("yes")
    list_sums(published, [*PATHS, *(["SIMULATED"] if listed else [])])
    fetch(server, root, records=["100"])
    assert ("SIMULATED" in held(root)) is listed


# What has no sum


def test_unlisted_file_is_refused_by_name_after_all_others_came(server: FileServer, root: Path, published: Path) -> None:
    list_sums(published, PATHS[1:])
    with pytest.raises(DataError, match=rf"expected a SHA-256 of every file in .*, got none of {PATHS[0]}; .*--allow-unlisted"):
        fetch(server, root)
    assert held(root) == {path: content for path, content in WHOLE.items() if path != PATHS[0]}
    assert server.counts[NAMES[0]] == 0


def test_unlisted_file_comes_with_a_warning_if_that_is_allowed(
    server: FileServer, root: Path, published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    list_sums(published, PATHS[1:])
    fetch(server, root, allow_unlisted=True)
    assert held(root) == WHOLE
    assert "warning: 1 files have no sum in" in capsys.readouterr().err
    assert fetch(server, root, allow_unlisted=True).fetched == 0


def test_path_that_leads_out_of_the_folder_is_refused(server: FileServer, root: Path, published: Path) -> None:
    with open(published / "SHA256SUMS.txt", "a") as file:
        file.write(f"{'0' * 64} records/../../../file\n")
    with pytest.raises(DataError, match=r"expected a path below the database's folder, got .* is not to be trusted"):
        fetch(server, root)
    assert held(root) == {}


def test_path_that_a_dataset_asks_for_is_refused_too(server: FileServer, root: Path) -> None:
    with pytest.raises(DataError, match="expected a path below the database's folder"):
        fetch(server, root, replace(ENTRY, files=lambda numbers, listed: ["../../x"]), allow_unlisted=True)


# The list


SUM = "a" * 64


def test_list_that_is_none_is_not_kept(server: FileServer, root: Path, folder: Path, published: Path) -> None:
    (published / "SHA256SUMS.txt").write_text(f"{SUM} a")
    with pytest.raises(DataError, match=r"SHA256SUMS\.txt"):
        fetch(server, root)
    assert not (folder / "SHA256SUMS.txt").exists()
    assert server.counts["SHA256SUMS.txt"] == 2


# Wrong use


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"jobs": 0}, "expected at least 1 job, got 0"),
        ({"mirror": "file:///etc/"}, 'expected an http:// or https:// URL, got "file:///etc/"'),
        ({"mirror": "physionet.org"}, 'expected an http:// or https:// URL, got "physionet.org"'),
        ({"edition": "2.0"}, 'expected edition of tinydb among none, got "2.0"'),
    ],
)
def test_argument_that_cannot_be_used_is_refused(root: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        download(ENTRY, root, **options)
    assert not root.exists()


def test_dataset_without_files_is_refused(root: Path) -> None:
    with pytest.raises(InputError, match="got synthetic, which needs no files"):
        download(DATASETS["synthetic"], root)


def test_command_names_dataset_edition_and_folder_where_they_are_not_the_default(tmp_path: Path) -> None:
    assert fetch_command(MITDB) == fetch_command(MITDB, data_root()) == "ecgbench download mitdb"
    assert fetch_command(MITDB, tmp_path / "a b") == f"ecgbench download mitdb --dir '{tmp_path}/a b'"
    assert fetch_command(PTBXL) == "ecgbench download ptbxl"
    assert fetch_command(PTBXL_100HZ) == "ecgbench download ptbxl --edition 1.0.3@100hz"
    assert "https://physionet.org/files/tinydb/1.0/" in fetch_command(NUMBERS)


# The real database


@pytest.mark.slow
def test_real_database_that_was_downloaded_loads_as_the_one_that_was_unpacked(
    records: Path, tmp_path: Path, real_store: ArtifactStore
) -> None:
    """The key is one of the files' content; equal keys are equal windows."""
    with serving(records) as server:
        done = download(DATASETS["mitdb"], tmp_path / "data", mirror=server.url)
    assert done.fetched == 132
    fetched, unpacked = (load_dataset("mitdb", root, store=real_store) for root in (tmp_path / "data", records))
    assert fetched.key == unpacked.key
