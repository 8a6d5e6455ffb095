"""How verbs speak: what was asked for on standard output, what went wrong on standard error."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TextIO

from ecgbench.cli.terminal.colour import Style, as_refusal, is_coloured, plain
from ecgbench.errors import OutputError
from ecgbench.printable import printable


class UnreadError(Exception):
    """Whoever read standard output has closed it."""


def say(text: str, style: Style = plain) -> None:
    """A line, or several, of what was asked for.

    Parameters
    ----------
    style : colours, on a terminal that shows them

    Raises
    ------
    UnreadError
        If nobody reads on.
    OutputError
        If standard output cannot be written.
    """
    stream = sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    shown = printable(text, kept="\n").encode(encoding, "backslashreplace").decode(encoding)
    try:
        print(style(shown) if is_coloured(stream) else shown, flush=True)  # noqa: T201
    except BrokenPipeError as error:
        _abandon(stream)
        raise UnreadError from error
    except OSError as error:
        _abandon(stream)
        raise OutputError(f"expected to write to standard output, got {error.strerror}; free space there or send it elsewhere.") from error


def complain(text: str) -> None:
    """A line of what went wrong; where not even that can be written, the exit code says it."""
    if sys.stderr is None:
        return
    shown = printable(text)
    try:
        print(as_refusal(shown) if is_coloured(sys.stderr) else shown, file=sys.stderr, flush=True)  # noqa: T201
    except OSError:
        _abandon(sys.stderr)


def _abandon(stream: TextIO) -> None:
    """Let what a stream still holds go nowhere, so that the interpreter does not fail on it in the end."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
