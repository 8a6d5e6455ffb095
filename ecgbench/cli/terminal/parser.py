"""The parser of a verb: filled when the verb is used, its help with examples, its errors in one line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from ecgbench.cli.terminal.colour import as_help
from ecgbench.cli.terminal.speech import complain, say
from ecgbench.printable import shortened

WRONG_USE = 2
"""Exit code of wrong use and of bad input."""

Fill = Callable[["Parser"], None]
"""What gives a verb's parser its arguments."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, and whose arguments are added when they are first asked for.

    Parameters
    ----------
    fill : adds the arguments; what it imports is not imported for the help of all verbs
    examples : command lines that its help ends with
    """

    def __init__(
        self,
        prog: str | None = None,
        description: str | None = None,
        fill: Fill | None = None,
        examples: Sequence[str] = (),
    ) -> None:
        epilog = "\n".join(["examples:", *(f"  {line}" for line in examples)]) if examples else None
        super().__init__(prog, description=description, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter)
        self.color = False  # Python 3.14 colours help texts by itself; `say` would show its colours as escapes.
        self.examples = tuple(examples)
        self._fill = fill

    def filled(self) -> Parser:
        """The parser with its arguments."""
        fill, self._fill = self._fill, None
        if fill is not None:
            fill(self)
        return self

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse's, but what a parser does not know is refused here, where its options are at hand to be suggested."""
        found, others = super(Parser, self.filled()).parse_known_args(args, namespace)
        if others:
            self._refuse(others)
        return found, others

    def arguments(self) -> list[argparse.Action]:
        """What it takes, its help left out."""
        return [action for action in self._actions if action.dest != "help"]

    def _refuse(self, others: Sequence[str]) -> None:
        from ecgbench.registry import nearest

        flags = [flag for action in self._actions for flag in action.option_strings]
        close = nearest(others[0].partition("=")[0], flags)
        hint = f", did you mean {close[0]}?" if close else ""
        self.error(f"unrecognized arguments: {shortened(' '.join(others))}{hint}")

    def error(self, message: str) -> NoReturn:
        """Refuse wrong use in one line."""
        self.exit(WRONG_USE, f"{self.prog}: {message}; see `{self.prog} --help`.")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """End with a code, and a line of why."""
        if message:
            complain(message)
        sys.exit(status)

    def print_help(self, file: object = None) -> None:
        """Print the help, on standard output whatever the file."""
        say(self.format_help().rstrip(), as_help)
