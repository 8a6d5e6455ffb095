"""What only the reader study needs beside the package's own dependencies."""

from __future__ import annotations

from importlib.util import find_spec

from ecgbench.errors import InputError

EXTRA = ("flask", "waitress", "statsmodels")


def check_extra() -> None:
    """Refuse to go on without the packages that only this needs.

    Raises
    ------
    InputError
        If one of them is not installed.
    """
    for name in EXTRA:
        if find_spec(name) is None:
            remedy = 'install it with `python -m pip install "ecgbench-attribution[rate]"`'
            raise InputError(f'expected the packages of the extra "rate", got none named {name}; {remedy}.')
