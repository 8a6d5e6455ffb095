"""Files of maps, good and bad ones, of the embedded dataset's first windows."""

import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import strategies as st

from ecgbench.errors import InputError
from ecgbench.pipeline import About, pack, window_arrays
from ecgbench.untrusted.safetensors_header import METADATA, OWN
from tests.pipeline.runs import MODEL, model_at

ABOUT = About("my_method", "doi:10.1000/xyz", "A. Author, B. Author", "what it does, in a line", saw_labels=False, saw_test_set=False)
SAMPLES = 4

EDITS = st.lists(
    st.tuples(st.sampled_from(["flip", "cut", "insert"]), st.integers(0, 1 << 20), st.integers(1, 255), st.binary(min_size=1, max_size=9)),
    min_size=1,
    max_size=3,
)
"""Damage: bytes that are flipped, cut out or put in."""


def some_maps(run, seed=1):
    """Maps of one's own: the window times a pattern, so that none is constant and no two values are alike."""
    x = run.explained(model_at(seed)).windows.x
    pattern = np.random.default_rng(seed).standard_normal(x.shape)
    return (x * pattern).astype(np.float32)


def packed(run, seeds=(1,), about=ABOUT) -> bytes:
    return pack(run, "synthetic", MODEL, {seed: some_maps(run, seed) for seed in seeds}, about)


def maps_file(run, path, **changed):
    """A file as an author writes it; an array that is changed to None is left out."""
    arrays = {**window_arrays(run, model_at()), "attributions": some_maps(run), **changed}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


def split_file(content: bytes):
    """Header and tensors of a safetensors file."""
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def joined_file(header, tensors: bytes) -> bytes:
    """The file that `split_file` splits; the header may be any text."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + tensors


def with_header(content: bytes, change) -> bytes:
    """The file after `change` has changed its header's data in place."""
    header, tensors = split_file(content)
    change(header)
    return joined_file(header, tensors)


def with_contents(content: bytes, change) -> bytes:
    """The file after `change` has changed in place what it says of its maps."""

    def rewritten(header):
        data = json.loads(header[METADATA][OWN])
        change(data)
        header[METADATA][OWN] = json.dumps(data)

    return with_header(content, rewritten)


def edited(content: bytes, edits, within: int) -> bytes:
    """The content after `EDITS`, all of them in its first `within` bytes."""
    for what, place, byte, more in edits:
        at = place % max(1, min(within, len(content)))
        new = {"flip": bytes([content[at] ^ byte]), "insert": more, "cut": b""}[what]
        content = content[:at] + new + content[at + {"flip": 1, "insert": 0, "cut": byte}[what] :]
    return content


def peak_while(refused) -> int:
    """Most bytes that are allocated at once while something is refused."""
    tracemalloc.start()
    try:
        with pytest.raises(InputError):
            refused()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
