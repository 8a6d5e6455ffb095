"""Progress: a bar on a terminal, in a log a line now and then and nothing that moves a cursor."""

import io
import sys

import pytest

from ecgbench import progress as shown
from ecgbench.progress import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def said(monkeypatch, stream, count=3, **more):
    monkeypatch.setattr(sys, "stderr", stream)
    for _ in progress(range(count), "outer", "step", **more):
        list(progress(range(2), "inner", "part"))
    return stream.getvalue()


def test_terminal_gets_a_bar_that_is_gone_in_the_end(monkeypatch):
    text = said(monkeypatch, Terminal())
    assert "outer:   0%|" in text
    assert text.endswith("\r")


def test_log_of_something_short_is_empty(monkeypatch):
    assert said(monkeypatch, io.StringIO(), leave=True) == ""


def test_log_of_something_long_has_lines_without_any_control(monkeypatch):
    monkeypatch.setattr(shown, "SECONDS_PER_LINE", 0.0)
    lines = said(monkeypatch, io.StringIO(), leave=True).splitlines()
    assert lines[0].startswith("outer: 0 of 3, 00:00 passed")
    assert any(line.startswith("outer: 3 of 3") for line in lines)
    assert any(line.startswith(("inner: 2 of 2", "inner: 1 of 2")) for line in lines)
    assert all(line.isprintable() and line.strip() for line in lines)


@pytest.mark.parametrize("stream", [None, "closed", "broken"])
def test_standard_error_that_cannot_be_written_is_no_obstacle(monkeypatch, stream):
    class Broken(io.StringIO):
        def write(self, _):
            raise BrokenPipeError

    monkeypatch.setattr(shown, "SECONDS_PER_LINE", 0.0)
    given = {None: None, "closed": io.StringIO(), "broken": Broken()}[stream]
    if stream == "closed":
        given.close()
    monkeypatch.setattr(sys, "stderr", given)
    assert list(progress(range(3), "outer")) == [0, 1, 2]
