"""What all verbs share: their parser, the options that several have, how they speak and how they end."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from ecgbench.pipeline import ModelAddress

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


def add_model(verb: argparse.ArgumentParser) -> None:
    """Give a verb the option that names an architecture."""
    verb.add_argument("--model", metavar="KEY", help="network architecture (default: the dataset's usual one)")


def chosen_model(given: argparse.Namespace) -> ModelAddress:
    """The model that a verb's dataset, edition, --model and --seed name.

    Raises
    ------
    UnknownKeyError
        If there is no such dataset or architecture.
    """
    from ecgbench.datasets import DATASETS
    from ecgbench.models import MODELS
    from ecgbench.pipeline import ModelAddress

    entry = DATASETS[given.dataset]
    model = entry.default_model(given.edition) if given.model is None else MODELS[given.model].key
    seed = entry.numbers(given.edition).seeds[0] if given.seed is None else given.seed
    return ModelAddress(given.dataset, model, seed)


def add_scores(verb: argparse.ArgumentParser) -> None:
    """Give a verb the option that says where the accepted results are."""
    verb.add_argument("--scores", type=Path, default=Path("leaderboards/scores"), help="accepted results (default leaderboards/scores)")


def say(text: str) -> None:
    """A line of what was asked for."""
    print(text, flush=True)  # noqa: T201
