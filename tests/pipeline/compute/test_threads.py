"""Several threads on one network: each gets what it would get alone, and the network is left as it was."""

import threading

import numpy as np
import pytest

import ecgbench
from ecgbench.models import untrained

METHODS = ("gradcam", "guided_backprop", "guided_gradcam", "lrp")


@pytest.mark.parametrize("method", METHODS)
def test_threads_that_explain_one_network_get_what_one_gets(method):
    model = untrained("resnet18_7_narrow", 3).train()
    x = np.random.default_rng(0).standard_normal((8, 1, 512), dtype=np.float32)
    target = np.arange(8) % 3
    halves = [slice(0, 4), slice(4, 8)]
    wanted = [ecgbench.explain(model, x[half], target[half], method) for half in halves]
    start, found = threading.Barrier(2), {}

    def explain(place):
        start.wait()
        found[place] = [ecgbench.explain(model, x[halves[place]], target[halves[place]], method) for _ in range(3)]

    threads = [threading.Thread(target=explain, args=(place,)) for place in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for place in (0, 1):
        for maps in found[place]:
            np.testing.assert_array_equal(maps, wanted[place])
    assert model.training
    assert all(parameter.requires_grad for parameter in model.parameters())
