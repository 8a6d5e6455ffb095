"""Wrong arguments and results of the package's functions fail while tests run, whether their annotations name a shape or not."""

import numpy as np
import pytest
from jaxtyping import TypeCheckError

from ecgbench.metrics._masks import ratio
from ecgbench.printable import hidden, shortened
from ecgbench.registry import Registry
from ecgbench.types import Windows
from tests import annotations


@pytest.mark.parametrize("call", [lambda: hidden(1), lambda: shortened("a", most="b"), lambda: shortened(most=2.5, text="a")])
def test_wrong_argument_fails(call):
    with pytest.raises(TypeCheckError):
        call()


def checked(function):
    return annotations._jaxtyped(typechecker=annotations.checked)(function)


def test_wrong_result_fails_and_an_int_is_a_float():
    def half(x: float) -> int:
        return x / 2

    def double(x: float) -> float:
        return 2 * x

    with pytest.raises(TypeCheckError):
        checked(half)(4)
    assert checked(double)(4) == 8


def test_functions_made_in_a_function_are_checked_each_and_keep_what_they_enclose():
    def adding(more):
        @checked
        def added(x: int, *, twice: bool = more > 1) -> int:
            return x + more * (1 + twice)

        return added

    by_one, by_two = adding(1), adding(2)
    assert (by_one(3), by_two(3), by_one(3, twice=True)) == (4, 7, 5)
    for function in (by_one, by_two):
        with pytest.raises(TypeCheckError):
            function("a")
    with pytest.raises(TypeCheckError):
        adding(0.5)(3)


def test_functions_made_in_a_function_may_have_nothing_to_check():
    def saying(what):
        @checked
        def said(x: "Nowhere"):  # noqa: F821
            return what, x

        return said

    assert [saying(what)(1) for what in "ab"] == [("a", 1), ("b", 1)]


def test_what_is_not_known_here_is_not_checked():
    def anything(x: "Nowhere", y: int) -> "Nowhere":  # noqa: F821
        return x

    assert checked(anything)("a", 1) == "a"
    with pytest.raises(TypeCheckError):
        checked(anything)("a", "b")


def test_checked_function_shows_its_own_annotations():
    assert Registry.add.__annotations__["return"] == "None"
    assert hidden.__wrapped__.__name__ == hidden.__name__ == "hidden"


def test_shapes_are_compared_between_arguments_of_functions_and_fields_of_classes():
    with pytest.raises(TypeCheckError):
        ratio(np.ones(2), np.ones(3))
    with pytest.raises(TypeCheckError):
        windows(names=["a", "b", "c"])
    assert len(windows(names=["a", "b"])) == 2


def windows(names):
    none = (np.zeros((0, 3), dtype=np.int64),) * 2
    x, y, names = np.zeros((2, 1, 8), dtype=np.float32), np.zeros(2, dtype=np.int64), np.array(names)
    return Windows(signal=x, y=y, record=names, patient=names, start=y, spans=none)
