"""What a user wrote, as a number, a path, a URL or a name; each kind is checked here and nowhere else."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from ecgbench.errors import InputError
from ecgbench.printable import hidden, is_composed, printable, shortened

LONGEST_NAME = 64
"""Most characters of a name, so that files whose names are made of several are still possible."""

LARGEST_SEED = 999_999_999
"""The largest seed of a model or a simulation: nine digits, as submissions have them."""

DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\..*)?", re.IGNORECASE | re.DOTALL)
"""Names that mean a device on Windows, whatever stands behind a dot."""

NOT_IN_FILES = frozenset('<>:"/\\|?*')
"""Characters that some system forbids in the name of a file."""

_NUMBER = re.compile(r"[0-9]{1,18}")


def refuse_lost_values(arguments: Iterable[str]) -> None:
    """Refuse arguments such as `--dataset=--`, whose value argparse takes for the mark behind the last option, and loses.

    Raises
    ------
    InputError
        If there is one.
    """
    for text in arguments:
        flag, _, value = text.partition("=")
        if value == "--" and flag.startswith("-"):
            raise InputError(f'expected a value of {shortened(flag)}, got "--"; name one.')


def whole_number(what: str, text: str, least: int, most: int) -> int:
    """The number that a text of digits stands for.

    Raises
    ------
    InputError
        If it is something else, or a number out of bounds.
    """
    if not _NUMBER.fullmatch(text) or not least <= int(text) <= most:
        raise InputError(f'expected {what} as a whole number from {least} to {most}, got "{shortened(text)}"; name another.')
    return int(text)


def seed_number(text: str) -> int:
    """A seed."""
    return whole_number("a seed", text, 0, LARGEST_SEED)


def file_path(text: str) -> Path:
    """A path at which there is a regular file or nothing.

    Raises
    ------
    InputError
        If no system can have such a path, or something else is there: a folder, a device, a pipe.
    """
    mode = _mode(text)
    if mode is not None and not stat.S_ISREG(mode):
        raise InputError(f'expected a file, got "{text}", which is {_kind(mode)}; name another.')
    return Path(text)


def folder_path(text: str) -> Path:
    """A path at which there is a folder or nothing.

    Raises
    ------
    InputError
        If no system can have such a path, or something else is there.
    """
    mode = _mode(text)
    if mode is not None and not stat.S_ISDIR(mode):
        raise InputError(f'expected a folder, got "{text}", which is {_kind(mode)}; name another.')
    return Path(text)


def _mode(text: str) -> int | None:
    """What is at a path, which must be one that can be; None if there is nothing."""
    if not text.strip() or "\0" in text:
        raise InputError(f'expected a path, got "{shortened(text)}"; name one.')
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InputError(f'expected a path whose name is UTF-8, got "{shortened(text)}"; rename the file or folder.')
    try:
        return os.stat(text).st_mode  # noqa: PTH116  (a path of the text itself, before it becomes a Path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InputError(f'expected a path that can be looked at, got "{shortened(text)}" ({error.strerror}); name another.') from error


def _kind(mode: int) -> str:
    kinds = {"a folder": stat.S_ISDIR, "a file": stat.S_ISREG}
    return next((name for name, is_kind in kinds.items() if is_kind(mode)), "a device, a pipe or a socket")


def web_address(text: str) -> str:
    """A URL with http:// or https:// and a host, that a path can follow.

    Raises
    ------
    InputError
        If it is none.
    """
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port)
    except ValueError:
        known = False
    if not known or hidden(text) or set(text) & set(" ?#\\"):
        raise InputError(f'expected an http:// or https:// URL, got "{shortened(text)}"; name it so.')
    return text


def plain_text(text: str) -> str:
    """A text that can be looked up, handed to another program and written to a file.

    Raises
    ------
    InputError
        If it has characters that cannot.
    """
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InputError(f'expected a text in UTF-8 without NUL, got "{shortened(text)}"; write it so.')
    return text


def seen_text(what: str, text: str) -> str:
    """A text that stands on a page as it is: every character is seen, and written in one way only.

    Raises
    ------
    InputError
        If a character is not seen, an accent stands apart from its letter, or there is a space at an end.
    """
    unseen = hidden(text)
    if unseen:
        got = f'"{printable(shortened(text))}" with {", ".join(unseen[:3])}'
        raise InputError(f"expected {what} of characters that are seen, got {got}; leave them out.")
    if not is_composed(text):
        raise InputError(f'expected {what} in Unicode\'s composed form (NFC), got "{shortened(text)}" ({text[:40]!a}); write it so.')
    if text != text.strip():
        raise InputError(f'expected {what} without spaces at its ends, got "{shortened(text)}"; leave them out.')
    return text


def file_name(what: str, name: str) -> str:
    """A name that can be a file's on every system, and stands on a page as it is.

    Raises
    ------
    InputError
        If it cannot.
    """
    seen_text(what, name)
    if not name or len(name) > LONGEST_NAME:
        raise InputError(f'expected {what} of 1 to {LONGEST_NAME} characters, got {len(name)}, "{shortened(name)}"; name another.')
    if DEVICES.fullmatch(name):
        raise InputError(f'expected {what} that can be a file\'s, got "{name}", which is a device on Windows; name another.')
    if NOT_IN_FILES & set(name) or name.startswith(".") or name.endswith("."):
        raise InputError(
            f'expected {what} without any of {" ".join(sorted(NOT_IN_FILES))} and without a dot at its ends, got "{name}"; name another.'
        )
    return name
