"""The choice between our implementation of a method and Captum's, which the study uses."""

from __future__ import annotations

from typing import Literal

from ecgbench.errors import InputError

Implementation = Literal["ecgbench", "captum"]


def by_captum(implementation: Implementation) -> bool:
    """Whether Captum computes the map.

    Raises
    ------
    InputError
        If there is no such implementation.
    """
    if implementation not in ("ecgbench", "captum"):
        raise InputError(f'expected implementation "ecgbench" or "captum", got "{implementation}"; choose one of these.')
    return implementation == "captum"
