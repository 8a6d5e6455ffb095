"""Lists of checksums: what a line may be, what is refused, and how little of a long list is kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ecgbench.datasets.records.files.checksums import ListedPaths, checked_path, read_sums, sha256, sums_of
from ecgbench.errors import DataError

SUM = "a" * 64

ESCAPING = ("/etc/passwd", "../other/file", "records/../../../file", "..", "C:/file", "records\\file", "a\0b")


def test_list_that_is_none_is_refused(tmp_path: Path) -> None:
    for content in (
        "",
        "<html>404</html>\n",
        f"{SUM}\n",
        f"{SUM[1:]} a\n",
        f"{SUM} a\n\n",
        f"{SUM} a",
        f"{SUM} a\n{SUM[:40]}",
        f"g{SUM[1:]} a\n",
    ):
        (tmp_path / "sums").write_text(content)
        with pytest.raises(DataError, match="/sums"):
            list(read_sums(tmp_path / "sums"))


def test_every_form_of_a_line_is_read(tmp_path: Path) -> None:
    for line in (f"{SUM} a b.dat\n", f"{SUM}  a b.dat\n", f"{SUM} *a b.dat\n", f"{SUM.upper()} ./a b.dat\r\n"):
        (tmp_path / "sums").write_bytes(line.encode())
        assert list(read_sums(tmp_path / "sums")) == [("a b.dat", SUM)]
    assert sums_of(tmp_path / "sums", ["a b.dat", "c"]) == {"a b.dat": SUM}
    assert (list(ListedPaths(tmp_path / "sums")), len(ListedPaths(tmp_path / "sums"))) == (["a b.dat"], 1)
    assert "a b.dat" in ListedPaths(tmp_path / "sums")
    assert list(ListedPaths(tmp_path / "none")) == []


def test_file_with_two_sums_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sums").write_text(f"{SUM} a\n{'b' * 64} a\n")
    with pytest.raises(DataError, match=f"expected one sum of a in .*, got {SUM} and bbb"):
        sums_of(tmp_path / "sums", ["a"])


def test_dots_within_a_name_lead_nowhere() -> None:
    assert checked_path("records/100..dat") == "records/100..dat"


def test_long_list_is_read_in_seconds_and_little_memory(tmp_path: Path) -> None:
    with open(tmp_path / "sums", "w") as file:
        file.writelines(f"{i:064x} p{i // 100_000:02}/p{i // 1000:05}/p{i // 1000:05}_s{i % 1000:02}.dat\n" for i in range(300_000))
    code = (
        "import resource, sys, time; from pathlib import Path; from ecgbench.datasets.records.files.checksums import sums_of\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; since = time.process_time()\n"
        "found = sums_of(Path(sys.argv[1]), ['p00/p00003/p00003_s07.dat'])\n"
        "print(len(found), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, time.process_time() - since)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "sums")], capture_output=True, text=True, check=True)
    found, kibibytes, seconds = map(float, done.stdout.split())
    assert found == 1
    assert kibibytes < 5_000
    assert seconds < 5


def test_list_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sums").write_bytes(b"\xff\xfe\n")
    with pytest.raises(DataError, match=r"expected a readable list .*/sums, got .*; delete it"):
        list(read_sums(tmp_path / "sums"))


def test_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"expected a readable file {tmp_path}, got Is a directory; mend its permissions or delete it"):
        sha256(tmp_path)


def test_path_that_leads_out_of_the_folder_is_refused() -> None:
    for path in ESCAPING:
        with pytest.raises(DataError, match="expected a path below the database's folder"):
            checked_path(path)
