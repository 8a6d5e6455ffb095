"""Keys of artifacts."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgbench.artifacts import artifact_key, canonical


@pytest.mark.parametrize(
    "other",
    [{"stage": "t"}, {"seed": 2}, {"seed": 1.5}, {"options": {"a": 1, "b": 3}}, {"options": {"a": 1}}, {"source": "y"}, {"more": None}],
    ids=str,
)
def test_key_depends_on_every_parameter(other: dict[str, Any]) -> None:
    base: dict[str, Any] = {"stage": "s", "seed": 1, "options": {"a": 1, "b": 2}, "source": "x"}
    assert artifact_key(**{**base, **other}) != artifact_key(**base)


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.booleans()), max_size=5))
def test_key_does_not_depend_on_the_order_of_parameters(parameters: dict[str, Any]) -> None:
    backwards = dict(reversed(parameters.items()))
    assert artifact_key("s", options=parameters) == artifact_key("s", options=backwards)


def test_key_is_the_sha256_of_the_canonical_json() -> None:
    assert canonical({"b": [1, "x"], "a": None}) == '{"a":null,"b":[1,"x"]}'
    assert artifact_key("s", b=1) == hashlib.sha256(b'{"b":1,"stage":"s"}').hexdigest()


def test_key_of_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        artifact_key("s", rate=float("nan"))
