"""The command line: every verb is a call into the layers below.

Exit codes: 0 done, 1 a check failed, 2 wrong use or bad input, 130 interrupted, 141 nobody reads on.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from ecgbench.cli._verb import DONE, INTERRUPTED, UNREAD, WRONG_USE
from ecgbench.cli._verbs import VERBS, Verb
from ecgbench.cli.terminal.parser import Parser
from ecgbench.cli.terminal.speech import UnreadError, complain, say
from ecgbench.errors import EcgbenchError, UnknownKeyError
from ecgbench.untrusted.texts import refuse_lost_values

SHOWN = ("run", "report", "methods")
"""Verbs whose first example is shown beside the help of all."""

ABOUT = """Which feature attribution method to trust on an ECG classifier.

`ecgbench VERB --help` says what a verb takes, with examples."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    given = Namespace(verb=None)
    try:
        return _run(sys.argv[1:] if arguments is None else list(arguments), given)
    except (UnreadError, BrokenPipeError):
        return UNREAD
    except EcgbenchError as error:
        return _refused(given, str(error))
    except OSError as error:
        return _refused(given, _unusable(error))
    except KeyboardInterrupt:
        complain("ecgbench: interrupted; what was computed is kept, the same command goes on.")
        return INTERRUPTED


def _run(arguments: list[str], given: Namespace) -> int:
    refuse_lost_values(arguments)
    parser, _ = _parsers()
    if not arguments:
        parser.print_help()
        return DONE
    _check_verb(arguments[0])
    parser.parse_args(arguments, given)
    if given.version:
        return _say_version()
    if given.verb is None:
        parser.error("expected a verb, got none")
    code: int = given.run(given)
    return code


def _check_verb(text: str) -> None:
    """Refuse a verb that there is not, with those that are meant most likely."""
    names = [verb.name for verb in VERBS]
    if text not in names and not text.startswith("-"):
        from ecgbench.registry import unknown

        raise UnknownKeyError(unknown("verbs", text, names))


def _say_version() -> int:
    from ecgbench._version import __version__

    say(f"ecgbench {__version__}")
    return DONE


def _refused(given: Namespace, why: str) -> int:
    complain(f"{' '.join(filter(None, ('ecgbench', given.verb)))}: {why}")
    return WRONG_USE


def _unusable(error: OSError) -> str:
    """What the system says of a file that the user named, or of the place of one."""
    what = f'"{error.filename}"' if error.filename else "a file or folder"
    return f"expected files and folders that can be read and written, got {what} ({error.strerror or error}); mend that or name another."


def whole_parser() -> tuple[Parser, list[Parser]]:
    """The parser of all verbs, and those of the verbs with all their arguments, for what looks at them."""
    parser, verbs = _parsers()
    return parser, [verb.filled() for verb in verbs]


def _parsers() -> tuple[Parser, list[Parser]]:
    """The parser of all verbs, and those of the verbs, which are filled when they are used."""
    parser = Parser(prog="ecgbench", description=ABOUT, examples=[f"ecgbench {verb.examples[0]}" for verb in VERBS if verb.name in SHOWN])
    parser.add_argument("--version", action="store_true", help="print the version")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", title="verbs")
    return parser, [_added(verbs, verb) for verb in VERBS]


def _added(verbs: Any, verb: Verb) -> Parser:
    examples = [f"ecgbench {line}" for line in verb.examples]
    added: Parser = verbs.add_parser(verb.name, help=verb.help, description=verb.description, fill=verb.fill, examples=examples)
    return added
