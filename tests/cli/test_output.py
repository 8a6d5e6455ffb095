"""What a user sees: nothing that a terminal would obey, and an exit code where nobody reads on or nothing can be written."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from ecgbench import cli
from ecgbench.cli._verb import UNREAD
from ecgbench.cli.terminal.speech import complain, say

COMMAND = f"{sys.executable} -m ecgbench.cli"
LINES = ("datasets", "methods", "--help", "run --help")


def shell(line):
    environment = {"PYTHONPATH": str(Path(cli.__file__).parents[2]), "PATH": "/usr/bin:/bin"}
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False, env=environment)


@pytest.mark.slow
@pytest.mark.parametrize("line", LINES)
def test_pipe_that_is_closed_ends_in_silence(line):
    done = shell(f"{COMMAND} {line} | true; exit ${{PIPESTATUS[0]}}")
    assert (done.returncode, done.stderr) == (UNREAD, "")


@pytest.mark.slow
@pytest.mark.parametrize("line", LINES)
def test_standard_output_that_is_full_is_said_in_a_line(line):
    done = shell(f"{COMMAND} {line} > /dev/full")
    assert done.returncode == cli.WRONG_USE
    assert done.stderr.startswith("ecgbench")
    assert done.stderr.endswith(
        ": expected to write to standard output, got No space left on device; free space there or send it elsewhere.\n"
    )
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_standard_error_that_is_full_leaves_the_exit_code():
    assert shell(f"{COMMAND} train mitbd 2> /dev/full").returncode == cli.WRONG_USE
    assert shell(f"{COMMAND} train mitbd 2>&-").returncode == cli.WRONG_USE
    assert shell(f"{COMMAND} methods >&-").returncode == 0


def test_nothing_that_a_terminal_obeys_is_printed(capsys):
    for speak in (say, complain):
        speak("a\x1b]0;title\x07 \u202eb \u3164 \udcff ± é 心")
    said, wrong = capsys.readouterr()
    assert said == wrong == "a\\x1b]0;title\\x07 \\u202eb \\u3164 \\udcff ± é 心\n"


def test_terminal_without_a_character_gets_its_escape(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    say("± é")
    assert stream.buffer.getvalue() == b"\\xb1 \\xe9\n"


def test_what_the_system_says_of_a_users_file_is_a_line(refused, monkeypatch):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied", "the folder")

    monkeypatch.setattr("ecgbench.artifacts.ArtifactStore.__iter__", denied)
    said = refused("cache", "list")
    assert said == (
        'ecgbench cache: expected files and folders that can be read and written, got "the folder" (Permission denied); '
        "mend that or name another."
    )
