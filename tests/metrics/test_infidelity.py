"""Infidelity by donors: by plain loops, on linear models, and beside Quantus's."""

import numpy as np
import pytest

from ecgbench.errors import InputError
from ecgbench.metrics.infidelity import DRAWS, infidelity, unexplained

from .test_donor import Donors, noise


def score(donors, maps, windows=slice(None)):
    return donors.score("infidelity", maps[windows], windows)


def plain(donors, maps, i):
    """Sets one by one, and the best factor by `numpy.linalg.lstsq`."""
    replaced = donors.shared("infidelity")["replaced"][i]
    sums, falls = [], []
    for members in replaced:
        row = donors.x[i].copy()
        total = 0.0
        for patch in np.flatnonzero(members):
            part = slice(5 * patch, 5 * patch + 5)
            row[:, part] = donors.donor[i][:, part]
            total += maps[i][:, part].sum()
        logits = donors.evaluate(np.stack([donors.x[i], row]))[:, donors.target[i]]
        sums.append(total)
        falls.append(logits[0] - logits[1])
    left = np.linalg.lstsq(np.array(sums)[:, None], np.array(falls), rcond=None)[1]
    return float(left[0]) / float(np.square(falls).sum())


def test_hand_computed():
    # u = 1, 1 and d = 1, 3: the best factor is 2, the rest 1 and 1 of squares 1 and 9.
    assert unexplained(np.array([[1.0, 1.0]]), np.array([[1.0, 3.0]])) == pytest.approx(2 / 10)


@pytest.mark.parametrize(("leads", "time"), [(1, 60), (2, 63)])
def test_score_is_that_of_plain_loops(leads, time):
    donors = Donors(n=3, leads=leads, time=time)
    maps = noise(donors)
    np.testing.assert_allclose(score(donors, maps), [plain(donors, maps, i) for i in range(3)], rtol=1e-5)


def test_map_that_is_complete_on_a_linear_model_leaves_nothing_whatever_its_scale():
    donors = Donors(n=5, leads=2)
    exact = donors.weights[donors.target] * (donors.x.astype(np.float64) - donors.donor)
    np.testing.assert_allclose(score(donors, exact), 0, atol=1e-9)
    np.testing.assert_allclose(score(donors, exact * 1e300), 0, atol=1e-9)
    assert (score(donors, noise(donors)) > 0.01).all()


def test_sets_have_one_patch_to_half_of_them_and_are_the_windows_own():
    donors = Donors(n=2, time=100)
    sizes = donors.shared("infidelity")["replaced"].sum(axis=2)
    assert sizes.shape == (2, DRAWS)
    assert (sizes.min(), sizes.max()) == (1, 10)
    donors.seed = 8
    assert not np.array_equal(sizes, donors.shared("infidelity")["replaced"].sum(axis=2))


def test_windows_that_do_not_qualify_and_maps_without_sums_have_no_score():
    donors = Donors(n=3)
    donors.donor = donors.donor.copy()
    donors.donor[1] = np.nan
    maps = noise(donors)
    maps[2] = 0
    np.testing.assert_array_equal(np.isnan(score(donors, maps)), [False, True, True])


def test_window_is_scored_alone_as_beside_others_to_the_last_bit():
    donors = Donors(n=5)
    maps = noise(donors)
    np.testing.assert_array_equal(score(donors, maps), [score(donors, maps, slice(i, i + 1))[0] for i in range(5)])


def test_quantus_scales_nothing_takes_gradients_and_replaces_block_after_block():
    """Its mean square of the same differences, on the sets that it makes, is ours before scaling and division."""
    quantus = pytest.importorskip("quantus", reason="pip install -e '.[dev]'")
    import torch

    rng = np.random.default_rng(0)
    x, donor, gradient = rng.normal(size=(3, 1, 4, 40)).astype(np.float32)
    weights, rows = rng.normal(size=(2, 4, 40)), [x]

    class Model(torch.nn.Module):
        def forward(self, images):
            return torch.tanh(torch.einsum("oct,nzct->no", torch.tensor(weights, dtype=torch.float32), images) / 8)

    def replace(arr, indices, **_):
        changed = arr.copy()
        changed[:, indices] = donor.reshape(1, -1)[:, indices]
        rows.append(changed.reshape(1, 4, 40))
        return changed

    metric = quantus.Infidelity(perturb_func=replace, perturb_patch_sizes=[4], n_perturb_samples=1, disable_warnings=True)
    given = {"x_batch": x[:, None], "y_batch": np.array([1]), "a_batch": gradient[:, None], "channel_first": True}
    theirs = metric(model=Model().eval(), **given)[0]
    with torch.no_grad():
        logits = Model()(torch.tensor(np.stack(rows))).numpy()[:, 1].astype(np.float64)
    falls = (logits[0] - logits[1:])[None]
    sums = np.array([[(gradient * (x - row)).sum() for row in rows[1:]]], dtype=np.float64)
    np.testing.assert_allclose(theirs, ((sums - falls) ** 2).mean(), rtol=1e-4)
    assert unexplained(sums, falls) <= theirs / (falls**2).mean()
    # It replaces one block after another, and never undoes one.
    assert len(rows) == 11
    assert [int((row != x).any(axis=1).sum()) for row in rows[1:]] == list(range(4, 41, 4))


def test_shared_arrays_of_other_windows_are_refused():
    with pytest.raises(InputError, match="expected shared replaced of shape"):
        infidelity(np.ones((1, 1, 10)), np.ones((1, 1, 10)), 50.0, {"replaced": np.ones((1, 3, 2), bool), "falls": np.ones((1, 3))})
