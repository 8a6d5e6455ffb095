import hashlib

import numpy as np

from ecgbench.randomness import window_generator

WINDOW = np.linspace(-1, 1, 12, dtype=np.float32).reshape(2, 6)


def draws(seed=1, window=WINDOW, purpose="test"):
    return window_generator(seed, window, purpose).integers(0, 2**60, 4).tolist()


def test_equal_arguments_draw_alike():
    assert draws() == draws()


def test_seed_is_the_digest_of_seed_purpose_and_float32_bytes():
    digest = hashlib.sha256(b"1\0test\0" + WINDOW.astype("<f4").tobytes()).digest()
    expected = np.random.default_rng(int.from_bytes(digest, "little")).integers(0, 2**60, 4).tolist()
    assert draws() == expected


def test_seed_window_and_purpose_each_change_the_draw():
    changed = WINDOW.copy()
    changed[1, 5] = np.nextafter(changed[1, 5], 0)
    assert len({tuple(d) for d in (draws(), draws(seed=2), draws(window=changed), draws(purpose="other"))}) == 4


def test_layout_and_precision_of_the_window_do_not_matter():
    assert draws(window=np.asfortranarray(WINDOW)) == draws(window=WINDOW.astype(np.float64)) == draws()


def test_global_generator_is_neither_used_nor_moved():
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    draws()
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002
