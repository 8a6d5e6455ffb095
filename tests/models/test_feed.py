"""Windows for a training, on a processor and on a card (which is faked): the same tensors in the same order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from ecgbench.models.training import feed as feeding
from ecgbench.models.training.feed import Feed
from ecgbench.protocol import Augmentation
from ecgbench.types import Windows

CPU, CARD = torch.device("cpu"), torch.device("cuda", 0)
PLACES = [np.array([3, 0, 7]), np.array([1, 1]), np.array([9])]


@pytest.fixture
def windows() -> Windows:
    rng = np.random.default_rng(0)
    many = [np.array(["a"] * 10)] * 2
    spans = (np.empty((0, 3), dtype=np.int64),) * 10
    return Windows(rng.normal(size=(10, 2, 40)).astype(np.float32), np.arange(10), *many, np.arange(10), spans)


@pytest.fixture(params=["all windows fit", "they do not fit"])
def card(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of what is sent to the card."""
    sizes: list[int] = []

    def sent(array: np.ndarray, there: Any) -> torch.Tensor:
        sizes.append(array.size)
        return torch.from_numpy(np.array(array))

    free = 1 << 30 if request.param == "all windows fit" else 0
    monkeypatch.setattr(feeding, "sent", sent)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free, free))
    return sizes


@pytest.mark.parametrize("by", [None, Augmentation(0.3, 0.1, 0.2)], ids=["as they are", "augmented"])
def test_a_card_gets_the_batches_of_a_processor(windows: Windows, by: Augmentation | None, card: list[int]) -> None:
    given = [list(Feed(windows, device).batches(PLACES, by, np.random.default_rng(1))) for device in (CPU, CARD)]
    for (x, y), (same, labels), places in zip(*given, PLACES, strict=True):
        assert torch.equal(x, same)
        assert torch.equal(y, labels)
        assert y.tolist() == places.tolist()


def test_windows_that_fit_are_sent_once(windows: Windows, card: list[int], request: pytest.FixtureRequest) -> None:
    feed = Feed(windows, CARD)
    for _ in range(3):
        assert torch.equal(feed.take(np.array([4, 2]))[0], torch.from_numpy(windows.inputs(np.array([4, 2]))))
    assert sum(size >= 2 * 80 for size in card) == {"all windows fit": 1, "they do not fit": 3}[request.node.callspec.params["card"]]


def test_an_error_while_a_batch_is_made_is_raised(windows: Windows, card: list[int]) -> None:
    with pytest.raises(IndexError):
        list(Feed(windows, CARD).batches([np.array([0]), np.array([99])], Augmentation(0.3, 0.1, 0.2), np.random.default_rng(0)))
