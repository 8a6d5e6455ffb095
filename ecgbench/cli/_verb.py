"""What all verbs share: their parser, the options that several have, how they speak and how they end."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction["Parser"]

DONE, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_USE, f"{self.prog}: {message}; see `{self.prog} --help`.\n")


def seed_number(text: str) -> int:
    """A seed, from its text."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f'expected a number from 0, got "{text}"')
    return int(text)


def add(verb: argparse.ArgumentParser, arguments: Mapping[str, Mapping[str, Any]]) -> None:
    """Give a verb options that a lower layer describes."""
    for flag, options in arguments.items():
        verb.add_argument(flag, **options)


def add_scores(verb: argparse.ArgumentParser) -> None:
    """Give a verb the option that says where the accepted results are."""
    verb.add_argument("--scores", type=Path, default=Path("leaderboards/scores"), help="accepted results (default leaderboards/scores)")


def say(text: str) -> None:
    """A line of what was asked for."""
    print(text, flush=True)  # noqa: T201
