"""Damaged and forged submissions: each is refused in one line, or holds what it says, and takes little memory."""

import hashlib
import json
import re
import tracemalloc

import numpy as np
import pytest
from safetensors.numpy import load

from ecgbench.errors import EcgbenchError
from ecgbench.pipeline import Options, submitted_run
from tests.pipeline.runs import maps_of, small_run, store_with_windows
from tests.pipeline.submissions.submission_files import SAMPLES, joined_file, packed, split_file

pytestmark = pytest.mark.slow

MEMORY = 40 << 20
"""Bytes that reading a file may take at once; its header may have one MiB."""

VALUES = (None, True, False, 0, 1, -1, 2, 4.0, 1e300, 1 << 53, (1 << 53) + 1, 1 << 64, 10**400, "", 3000 * "x", "\x1b", "\ud800", [], {})
"""What a value of the JSON is replaced by, beside copies of other values."""

NUMBERS = ("9" * 30, "9" * 4000, "9" * 5000, "-1", "1.0", "4.0", "1e2", "1e999", "-1e999", "NaN", "-Infinity", "0x10", "01", "1_0")
"""What the digits of a number are replaced by."""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return store_with_windows(tmp_path_factory.mktemp("attacked"))


@pytest.fixture(scope="module")
def whole(store, tmp_path_factory):
    """A submission of two seeds' maps; evaluating it once leaves models and windows in memory, which no attack is to be charged with."""
    content = packed(small_run(store, samples=SAMPLES), (1, 2))
    path = tmp_path_factory.mktemp("whole") / "file.safetensors"
    path.write_bytes(content)
    attempt(path, store)
    return content


def text_of(header):
    return json.loads(header["__metadata__"]["ecgbench"])


def header_bytes(content):
    length = int.from_bytes(content[:8], "little")
    return content[8 : 8 + length], content[8 + length :]


# The attacks


def flipped_bits(content, rng):
    damaged = bytearray(content)
    within = (8, len(header_bytes(content)[0]), len(content))[rng.integers(3)]
    for _ in range(rng.integers(1, 9)):
        damaged[rng.integers(within)] ^= 1 << int(rng.integers(8))
    return bytes(damaged)


def cut_or_prolonged(content, rng):
    first, last = sorted(int(place) for place in rng.integers(0, len(content) + 1, 2))
    return (content[:first], content[first:], content[:first] + content[last:], content[:last] + content[first:])[rng.integers(4)]


def containers(data):
    """Every object and array in the data that is not empty, with those within them."""
    children = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    found = [data] if isinstance(data, dict | list) and data else []
    return found + [one for child in children for one in containers(child)]


def edit_json(data, rng):
    """Replace, remove, rename or copy one value of the data in place."""
    everything = containers(data)
    held = everything[rng.integers(len(everything))]
    places = list(held) if isinstance(held, dict) else range(len(held))
    place = places[rng.integers(len(places))]
    value = held[place]
    what = rng.integers(4)
    if what == 0:
        held[place] = VALUES[rng.integers(len(VALUES))]
    elif what == 1:
        del held[place]
    elif what == 2 and isinstance(held, dict):
        del held[place]
        held[("maps/3", "maps/01", "3", "01", "more", "", "\x1b[31m")[rng.integers(7)]] = value
    else:
        held[place] = everything[rng.integers(len(everything))] if rng.integers(2) else [value]


def edited_header(content, rng):
    header, tensors = split_file(content)
    edit_json(header, rng)
    return joined_file(dumped(header), tensors)


def edited_text(content, rng):
    header, tensors = split_file(content)
    text = text_of(header)
    edit_json(text, rng)
    header["__metadata__"]["ecgbench"] = dumped(text).decode()
    return joined_file(dumped(header), tensors)


def dumped(data):
    """The JSON of data, which an edit may have put into themselves: then of some others."""
    try:
        return json.dumps(data).encode()
    except ValueError:
        return b'{"__metadata__": 1}'


def replaced_in_json(content, rng, pattern, new):
    """The file with what one place of a pattern holds, in its header or in its own text, replaced by `new`."""
    raw, tensors = header_bytes(content)
    header = json.loads(raw)
    own = rng.integers(3) == 0
    given = header["__metadata__"]["ecgbench"] if own else raw.decode()
    places = [*re.finditer(pattern, given)]
    place = places[rng.integers(len(places))]
    changed = given[: place.start()] + new + given[place.end() :]
    if not own:
        return joined_file(changed.encode(), tensors)
    header["__metadata__"]["ecgbench"] = changed
    return joined_file(json.dumps(header).encode(), tensors)


def odd_numbers(content, rng):
    return replaced_in_json(content, rng, r"\b\d+\b", NUMBERS[rng.integers(len(NUMBERS))])


def nested(content, rng):
    depth = int(10 ** rng.uniform(0, 5.6))
    new = (
        "[" * depth + "]" * depth,
        '{"a":' * depth + "1" + "}" * depth,
        "[" * depth,
        "[" + "[]," * depth + "1]",
        "{" + ",".join(f'"{key}":{{}}' for key in range(depth)) + "}",
    )[rng.integers(5)]
    return replaced_in_json(content, rng, r'\b\d+\b|"[^"\\]*"(?!:)|\{|\[', new)


ATTACKS = (flipped_bits, cut_or_prolonged, edited_header, edited_text, odd_numbers, nested)


# What comes of them


def check_accepted(run, cells, content, whole):
    """What is held is what plain readers find in the file; it is of the windows and models of the whole file."""
    said, original = text_of(split_file(content)[0]), text_of(split_file(whole)[0])
    assert json.dumps([said["format"], said["dataset"], said["identity"]]) == json.dumps(
        [original["format"], original["dataset"], original["identity"]]
    )
    assert said["seeds"].items() <= original["seeds"].items()
    assert {str(one.seed) for one in cells} == said["seeds"].keys()
    assert {one.source for one in cells} == {said["name"]}
    held = run.source(said["name"]).provenance()["submitted"]
    about = {name: said[name] for name in ("reference", "authors", "description", "saw_labels", "saw_test_set")}
    assert held == {"file": hashlib.sha256(content).hexdigest(), **about}
    for seed in said["seeds"]:
        maps = run.maps(maps_of(said["name"], int(seed))).values
        np.testing.assert_array_equal(maps, load(content)[f"maps/{seed}"])
        assert np.isfinite(maps).all()


def attempt(path, store):
    """The run and its cells, or the error, and the most bytes that were allocated at once."""
    tracemalloc.start()
    try:
        found = submitted_run(path, Options(store=store))
    except EcgbenchError as error:
        found = error
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return found, peak


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_attacked_submission_is_refused_in_one_line_or_holds_what_it_says(store, whole, tries, tmp_path, attack):
    path = tmp_path / "file.safetensors"
    for number in tries(100):
        content = attack(whole, np.random.default_rng(number))
        path.write_bytes(content)
        found, peak = attempt(path, store)
        assert peak < MEMORY, number
        if isinstance(found, EcgbenchError):
            assert re.match("expected .*, got .*; ", str(found)), number
            assert str(found).isprintable(), number
            assert len(str(found)) < 1000, number
        else:
            check_accepted(*found, content, whole)
