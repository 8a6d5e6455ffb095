"""`completion`: a script by which a shell completes what the parsers know."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ecgbench.cli._verb import DONE, FILE, FOLDER
from ecgbench.cli.terminal.speech import say

if TYPE_CHECKING:
    from ecgbench.cli.terminal.parser import Parser

SHELLS = ("bash", "zsh", "tcsh")

AXES = {"dataset": "datasets", "model": "models", "recipe": "recipes", "method": "methods", "metric": "metrics"}
"""Arguments that are keys of an axis."""

HOW = """Put what it prints where the shell looks for completions:
  ecgbench completion bash > ~/.local/share/bash-completion/completions/ecgbench
  ecgbench completion zsh > ~/.zsh/completions/_ecgbench"""


def fill_completion(verb: Parser) -> None:
    """Arguments of the verb `completion`."""
    verb.add_argument("shell", choices=SHELLS)
    verb.set_defaults(run=_completion)


def _completion(given: argparse.Namespace) -> int:
    import shtab

    from ecgbench.cli import whole_parser

    parser, verbs = whole_parser()
    for verb in verbs:
        for action in verb.arguments():
            _tell(action)
    say(shtab.complete(parser, given.shell).rstrip())
    return DONE


def _tell(action: argparse.Action) -> None:
    """Tell shtab what an argument may be: a file, a folder, or a key."""
    import shtab

    from ecgbench.pipeline.register import REGISTRIES

    for kind, place in ((FILE, shtab.FILE), (FOLDER, shtab.DIRECTORY)):
        if action.type is kind:
            action.complete = place  # type: ignore[attr-defined]
    if action.dest in AXES and action.metavar in (None, "KEY"):
        action.choices = REGISTRIES[AXES[action.dest]].keys()
