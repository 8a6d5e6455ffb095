"""What all verbs share: the options that several have, and how they end."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ecgbench.cli.terminal.parser import WRONG_USE as WRONG_USE
from ecgbench.errors import InputError
from ecgbench.printable import shortened
from ecgbench.untrusted.texts import file_path, folder_path, plain_text, seed_number, web_address, whole_number

if TYPE_CHECKING:
    from ecgbench.pipeline import ModelAddress

T = TypeVar("T")

DONE, FAILED, INTERRUPTED = 0, 1, 130

UNREAD = 141
"""Exit code where nobody reads on, as in `ecgbench datasets | head -1`: what a shell says of a program that SIGPIPE ended."""


def argument(check: Callable[[str], T]) -> Callable[[str], T]:
    """The check of a text as the type of an argument: argparse says what it says."""

    def checked(text: str) -> T:
        try:
            return check(text)
        except InputError as error:
            raise argparse.ArgumentTypeError(str(error).rstrip(".")) from error

    return checked


def count(what: str, most: int) -> Callable[[str], int]:
    """The type of an argument that is a number from 1 on."""
    return argument(lambda text: whole_number(what, text, 1, most))


SEED, FILE, FOLDER, URL, TEXT = (argument(check) for check in (seed_number, file_path, folder_path, web_address, plain_text))
"""Types of arguments."""


def add(verb: argparse.ArgumentParser, arguments: Mapping[str, Mapping[str, Any]]) -> None:
    """Give a verb options that a lower layer describes."""
    for flag, options in arguments.items():
        verb.add_argument(flag, **options)


def add_model(verb: argparse.ArgumentParser) -> None:
    """Give a verb the options that name an architecture and a recipe."""
    verb.add_argument("--model", type=TEXT, metavar="KEY", help="network architecture (default: the dataset's usual one)")
    verb.add_argument("--recipe", type=TEXT, metavar="KEY", help="how it is trained, see `ecgbench recipes` (default: study)")


def chosen_model(given: argparse.Namespace) -> ModelAddress:
    """The model that a verb's dataset, edition, --model, --recipe and --seed name.

    Raises
    ------
    UnknownKeyError
        If there is no such dataset, architecture or recipe.
    InputError
        If the dataset has no such seed, or --model and --recipe name two recipes.
    """
    from ecgbench.datasets import DATASETS
    from ecgbench.models import known_model
    from ecgbench.pipeline import ModelAddress, check_seeds

    entry = DATASETS[given.dataset]
    model = known_model(_named_model(given, entry.default_model(given.edition)))
    seeds = entry.numbers(given.edition).seeds
    seed = seeds[0] if given.seed is None else given.seed
    check_seeds(given.dataset, entry.numbers(given.edition).all_seeds, [seed])
    return ModelAddress(given.dataset, model, seed)


def _named_model(given: argparse.Namespace, usual: str) -> str:
    """The architecture and recipe that --model and --recipe name; the first may name both, as cells and pages do."""
    from ecgbench.models import USUAL, model_name, split_model

    model = usual if given.model is None else given.model
    if given.recipe is None:
        return model
    if split_model(model) != (model, USUAL):
        raise InputError(f'expected a recipe in one of --model and --recipe, got "{shortened(model)}" and --recipe; leave one out.')
    return model_name(model, given.recipe)


def add_scores(verb: argparse.ArgumentParser) -> None:
    """Give a verb the option that says where the accepted results are."""
    what = "folder of the accepted results (default leaderboards/scores, or where that is not here the package's own)"
    verb.add_argument("--scores", type=FOLDER, help=what)


def scores_of(given: argparse.Namespace) -> Path:
    """The folder of the accepted results; where they are about to be written it is none of the package's."""
    from ecgbench.results import accepted_root, results_root

    if given.scores is not None:
        named: Path = given.scores
        return named
    return results_root() if getattr(given, "update_scores", False) else accepted_root()
