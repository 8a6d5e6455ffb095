"""Whatever stands on a command line, the answer is an exit code that is known, and at most one line that says what is wrong."""

import os
import re
import resource
import signal
import sys
import tempfile
import traceback
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import scipy.stats  # noqa: F401  pytest rewrites its modules that are named like tests, and keeps them: no line writes that

from ecgbench import cli
from ecgbench.datasets import DATASETS, SIMULATED
from ecgbench.errors import DataError
from tests.attacks.hostile_lines import command_lines, is_inside

pytestmark = pytest.mark.slow

CODES = {0, 1, 2}
LINES = 1200
"""Of all lines, how many are tried."""

SECONDS, BYTES = 20, 2 << 30
"""What a line may take."""

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate")


BAR = re.compile(r"\[.*/s.*\]")
"""What a progress bar ends with."""


class Overdue(BaseException):
    """A line took too long; no error, so that nothing turns it into a refusal."""


touched: list[str] | None = None
"""What was written to, while a line runs."""


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if touched is None:
        return
    if event == "open" and isinstance(arguments[0], str) and isinstance(arguments[2], int) and arguments[2] & WRITING:
        touched.append(arguments[0])
    elif event in CHANGES:
        touched.append(os.fsdecode(arguments[0]))


sys.addaudithook(_audit)


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A folder that has the working directory, the store, the records and what is temporary in it; no network."""
    for name in ("work", "store", "data", "temporary"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("ECGBENCH_CACHE", str(tmp_path / "store"))
    monkeypatch.setenv("ECGBENCH_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr("ecgbench.results.shipped.CLONE", tmp_path / "no clone")
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr("ecgbench.datasets.physionet.download.transfer", _no_network)
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    monkeypatch.setattr("ecgbench.pipeline.grid.estimate._seconds_per_pass", lambda *_: 0.01)
    mitdb = DATASETS["mitdb"]
    monkeypatch.setitem(DATASETS._entries, "mitdb", replace(mitdb, simulate=_simulate_nothing))
    return tmp_path


def _simulate_nothing(folder, *_):
    folder.mkdir(parents=True)
    (folder / SIMULATED).write_text("simulated\n")


def _no_network(url, *_, **__):
    raise DataError(f"expected {url}, got no network.")


@contextmanager
def _bounded():
    """Time and memory of one line."""

    def over(*_):
        raise Overdue(f"more than {SECONDS} s")

    before = signal.signal(signal.SIGALRM, over)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    signal.alarm(SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _ended(line):
    """The line's exit code, or the traceback that it ended in; and the paths that it wrote to."""
    global touched
    touched = []
    try:
        with _bounded():
            code = cli.main(line)
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        code = traceback.format_exc()
    finally:
        written, touched = touched, None
    return code, written


def _without_bars(text):
    """What stands behind the progress bars."""
    lines = (line.rpartition("\r") for line in text.splitlines(keepends=True))
    return "".join(last for _, returned, last in lines if not (returned and BAR.search(last)))


def _fault(line, places, capsys):
    """What is wrong with how a line ends; nothing if all is as promised."""
    code, written = _ended(line)
    said, wrong = capsys.readouterr()
    outside = [path for path in written if path != os.devnull and os.path.lexists(path) and not is_inside(path, places)]
    if code not in CODES:
        return f"ended in {code}"
    if outside:
        return f"wrote to {outside}"
    wrong = _without_bars(wrong)
    if any(not (letter.isprintable() or letter == "\n") for letter in said + wrong):
        return f"printed {said + wrong!a}"
    if code == cli.WRONG_USE and not (wrong.startswith("ecgbench") and wrong.count("\n") == 1):
        return f"said {wrong!a}"
    return ""


def test_every_command_line_ends_in_a_known_code_and_a_line(tries, places, capsys):
    lines = command_lines()[:LINES]
    faults = {lines[number]: _fault(lines[number], places, capsys) for number in tries(len(lines))}
    found = [f"{[part[:60] for part in line]!a}: {fault[-300:]}" for line, fault in faults.items() if fault]
    assert not found, f"{len(found)} of {len(faults)} lines:\n" + "\n".join(found)
