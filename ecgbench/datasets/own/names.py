"""Names of a user's own records and patients: short texts that are seen, or whole numbers, and never both beside each other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ecgbench.errors import InputError
from ecgbench.printable import quoted
from ecgbench.untrusted.texts import LONGEST_NAME, file_name, seen_text


def names_in(what: str, values: Iterable[Any]) -> list[str]:
    """The values as names. They go into files, pages and terminals, and equal ones stand for one record or patient.

    Raises
    ------
    InputError
        If one is neither a text nor a whole number, there are both, so that 1 and "1" would become one name, or a text cannot be shown
        as it is.
    """
    found = list(values)
    for value in found:
        if isinstance(value, bool) or not isinstance(value, str | int | np.integer):
            raise InputError(f"expected {what} as names or whole numbers, got {quoted(repr(value), 80)}; name each so.")
    if len({isinstance(value, str) for value in found}) > 1:
        raise InputError(f"expected {what} as either names or whole numbers, got both; write all of them as texts.")
    return [_name(what, value) for value in found]


def record_path(what: str, name: str) -> str:
    """The name of a record in a folder, or in one below it with slashes between.

    Raises
    ------
    InputError
        If it leads elsewhere, or cannot be a file's name on every system.
    """
    for part in name.split("/"):
        file_name(f"each part of {what} between slashes", part)
    return name


def _name(what: str, value: Any) -> str:
    if not isinstance(value, str) and abs(int(value)) >= 10 ** (LONGEST_NAME - 1):
        raise InputError(f"expected {what} of at most {LONGEST_NAME} digits, got a longer number; name another.")
    name = str(value)
    if not name or len(name) > LONGEST_NAME:
        raise InputError(f'expected {what} of 1 to {LONGEST_NAME} characters, got {len(name)}, "{quoted(name, 80)}"; name another.')
    return seen_text(what, name)
