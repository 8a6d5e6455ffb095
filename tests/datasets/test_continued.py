"""Windows with what follows them in their records."""

import numpy as np
import pytest

from ecgbench.datasets import DATASETS, load_dataset, request_for
from ecgbench.datasets.synthetic import continuation, simulate_window
from ecgbench.protocol import SHIFTS, SYNTHETIC
from tests.simulated import simulated

MORE = max(SHIFTS)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:wfdb", "ignore::DeprecationWarning:pandas")


def continued(name, windows, **options):
    return DATASETS[name].continued(request_for(name, **options), windows)


@pytest.mark.parametrize("record", SYNTHETIC.test[:6])
def test_simulated_window_goes_on_as_its_beats_and_its_noise_do(record):
    for start in range(0, 4 * SYNTHETIC.window, SYNTHETIC.window):
        signal, longer = simulate_window(record, start).signal, continuation(record, start)
        assert len(longer) == len(signal) + MORE
        np.testing.assert_array_equal(longer[: len(signal)], signal)
        steps = np.abs(np.diff(longer))
        assert steps[-MORE:].max() <= 2 * steps[:-MORE].max()
        assert np.ptp(longer[-MORE:]) > 0


def test_windows_of_synthetic_go_on():
    windows = load_dataset("synthetic", store=simulated("synthetic")).test.take(np.array([3, 50]))
    found = continued("synthetic", windows)
    np.testing.assert_array_equal(found[..., :-MORE], windows.signal)


@pytest.mark.parametrize("name", ["mitdb", "svdb", "incartdb", "icentia11k"])
def test_real_windows_go_on_as_their_records_do_and_end_with_them(name, stand_in):
    request, windows = stand_in(name)
    found = DATASETS[name].continued(request, windows)
    time = windows.signal.shape[2]
    np.testing.assert_array_equal(found[..., :time], windows.signal)
    place = {(record, start): i for i, (record, start) in enumerate(zip(windows.record, windows.start, strict=True))}
    known = 0
    for (record, start), i in place.items():
        following = place.get((record, start + time))
        if following is not None:
            known += 1
            np.testing.assert_array_equal(found[i, 0, time:], windows.signal[following, 0, :MORE])
        elif not [later for of, later in place if of == record and later > start]:
            assert np.isfinite(found[i, 0, time:]).sum() in range(MORE + 1)
    assert known > 10


def test_datasets_of_whole_records_have_nothing_behind_their_windows():
    without = {entry.key for entry in DATASETS if entry.continued is None}
    assert without == {"ludb", "ptbxl", "synthetic12"}
