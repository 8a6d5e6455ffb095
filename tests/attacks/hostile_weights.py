"""Files of weights that are damaged, forged or no files at all, each made from a valid one and a generator."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tests.attacks.weights_parts import Parts, floats, matrices, put_together, taken_apart, with_header

Generator = np.random.Generator

FORM = {"model": "resnet18_7_narrow", "leads": 1, "samples": 512, "outputs": 3}

LONG = 10**7 + 1
"""Elements of an axis that a network would be built with."""


def one_of(rng: Generator, options: Sequence[Any]) -> Any:
    """One of the options, as it is."""
    return options[int(rng.integers(len(options)))]


def some_name(rng: Generator, parts: Parts) -> str:
    """The name of one of the tensors."""
    return str(one_of(rng, sorted(parts.tensors)))


def other_dtype(rng: Generator, parts: Parts) -> bytes:
    """A kind of numbers that the bytes are not, or that is none."""
    kind = one_of(
        rng, ["F8_E4M3", "F64", "F16", "BF16", "C64", "I8", "I32", "U8", "BOOL", "F4", "float32", "", "x" * 5000, 5, None, ["F32"]]
    )
    return put_together(parts.edited(some_name(rng, parts), dtype=kind))


def other_shape(rng: Generator, parts: Parts) -> bytes:
    """A shape that the bytes do not have, or that is none."""
    shapes = [[LONG], [-1], [2**60], [2**32, 2**32], [], [1] * 9, ["a"], [1.5], None, True, [[1]], [10**400], [0], {"0": 1}, [2**53, 2**53]]
    return put_together(parts.edited(some_name(rng, parts), shape=one_of(rng, shapes)))


def empty_layer(rng: Generator, parts: Parts) -> bytes:
    """A long axis beside an empty one: a shape that takes no bytes, of a layer that would take many."""
    name, shape = one_of(rng, matrices(parts)), one_of(rng, [[0, 1, LONG], [0, 0, 1, LONG], [LONG, 0, 1, 7], [LONG, 0], [0, LONG, 1, 1]])
    return put_together(parts.edited(name, b"", shape=shape))


def all_empty(rng: Generator, parts: Parts) -> bytes:
    """No tensor has a value, so that shapes of a consistent network are unbounded."""
    width = int(one_of(rng, [0, LONG]))
    kept = {name: entry for name, entry in parts.tensors.items() if entry["shape"]}
    tensors = {name: {**entry, "shape": [0, *entry["shape"][1:-1], LONG][: len(entry["shape"])]} for name, entry in kept.items()}
    empty = Parts(tensors, dict.fromkeys(parts.content, b""), parts.metadata)
    return put_together(empty.edited("conv1.weight", shape=[width, 0, 1, 7]))


def eight_bits(rng: Generator, parts: Parts) -> bytes:
    """Numbers of eight bits, which take four times the memory once they are read, and twenty megabytes of them."""
    outputs = int(rng.integers(400_000, 420_000))
    inputs = parts.tensors["fc.weight"]["shape"][1]
    kind = one_of(rng, ["F8_E4M3", "F8_E5M2", "I8", "U8"])
    wide = parts.edited("fc.weight", bytes(outputs * inputs), dtype=kind, shape=[outputs, inputs])
    return put_together(wide.edited("fc.bias", bytes(outputs), dtype=kind, shape=[outputs]))


def wide_stem(rng: Generator, parts: Parts) -> bytes:
    """A first layer so wide that the second, which the file does not have, would take gigabytes."""
    width = int(rng.integers(10_000, 60_000))
    return put_together(parts.edited("conv1.weight", bytes(28 * width), shape=[width, 1, 1, 7]))


def other_offsets(rng: Generator, parts: Parts) -> bytes:
    """A tensor whose bytes are another's, outside the file, or nowhere."""
    file = put_together(parts)
    length = int.from_bytes(file[:8], "little")
    header = json.loads(file[8 : 8 + length])
    name = some_name(rng, parts)
    other = one_of(rng, [one for one in sorted(parts.tensors) if one != name])
    first, last = header[name]["data_offsets"]
    offsets = [
        [first + 4, last + 4],
        [last, first],
        [-4, 0],
        [first, 2**63],
        [0, 2**70],
        [first],
        [first, last, 0],
        None,
        ["0", "4"],
        [0.0, 4.0],
    ]
    header[name]["data_offsets"] = one_of(rng, [header[other]["data_offsets"][::-1], *offsets])
    return with_header(json.dumps(header), file[8 + length :])


def other_names(rng: Generator, parts: Parts) -> bytes:
    """A tensor that is lost, one too many, or one that a terminal would obey."""
    name = some_name(rng, parts)
    lost = {one: entry for one, entry in parts.tensors.items() if one != name}
    extra = one_of(rng, ["extra", "\x1b[2J", "a\nb", "x" * 10_000, "", "layer1.999999999999.conv1.weight", "layer1.7.bn1.weight"])
    if rng.random() < 0.5:
        return put_together(replace(parts, tensors=lost))
    return put_together(parts.edited(extra, b"\0" * 4, dtype="F32", shape=[1]))


def two_names(rng: Generator, parts: Parts) -> bytes:
    """One tensor under two names, or two tensors under one."""
    name = one_of(rng, [name for name in sorted(parts.tensors) if not name.startswith("fc.")])
    if rng.random() < 0.5:
        return put_together(parts.edited(f"backbone.{name}", parts.content[name], **parts.tensors[name]))
    file = put_together(parts)
    length = int.from_bytes(file[:8], "little")
    entry = json.dumps({name: json.loads(file[8 : 8 + length])[name]})[1:-1]
    return with_header(b"{" + entry.encode() + b"," + file[9 : 8 + length], file[8 + length :])


def wrapped(rng: Generator, parts: Parts) -> bytes:
    """Names as a wrapped network has them, all or some of them."""
    prefix, share = one_of(rng, ["module.", "_orig_mod.", "module._orig_mod.", "modul.", "module.module."]), one_of(rng, [1, 1, 0.9, 0.1])
    names = {name: prefix + name if rng.random() < share else name for name in parts.tensors}
    tensors = {names[name]: entry for name, entry in parts.tensors.items()}
    return put_together(replace(parts, tensors=tensors, content={names[name]: content for name, content in parts.content.items()}))


def other_form(rng: Generator, parts: Parts) -> bytes:
    """A record of the network that is another's, or none."""
    name, numbers = one_of(rng, sorted(FORM)), [3, 5, 2**16, 2**20, -1, 0, LONG, 2**63, 1.5]
    values = [*numbers, None, "x" * 5000, "../resnet", [1], True, "\x1b[2J", "nan"]
    form = json.dumps({**FORM, name: one_of(rng, values)})
    whole = [json.dumps(FORM), "[" * 50_000, '{"model":' * 50_000, "", "null", "[]", json.dumps({**FORM, "more": 1}), "1" * 5000, "NaN"]
    digits = json.dumps(FORM).replace("512", "5" * 5000)
    return put_together(replace(parts, metadata={"ecgbench": one_of(rng, [form, form, form, digits, *whole])}))


def other_metadata(rng: Generator, parts: Parts) -> bytes:
    """Something else than texts by name beside the tensors."""
    deep: list[Any] = []
    for _ in range(900):
        deep = [deep]
    beside = [{"ecgbench": 5}, {"ecgbench": FORM}, {"ecgbench": None}, [1], "text", 5, None, {"deep": deep}, {"other": "x" * 100_000}]
    return put_together(replace(parts, metadata=one_of(rng, beside)))


def other_header(rng: Generator, parts: Parts) -> bytes:
    """A header that is no JSON object of tensors."""
    texts = [
        "[" * 500_000,
        '{"a":' * 100_000,
        '{"a":' + "1" * 5000 + "}",
        "\ufffd",
        "{}",
        "[]",
        "null",
        '{"a":NaN}',
        '{"a":1e999}',
        " " * 999,
        "{'a':1}",
    ]
    text = one_of(rng, [*(text.encode() for text in texts), b"\xff\xfe{}", b'{"\xed\xa0\x80":{}}', b"{}" + b" " * (1 << 21)])
    return with_header(text, one_of(rng, [b"", bytes(1000), put_together(parts)]))


def other_length(rng: Generator, parts: Parts) -> bytes:
    """A length of the header that is not its own."""
    file = put_together(parts)
    own = int.from_bytes(file[:8], "little")
    length = one_of(
        rng, [0, 1, 2, own - 1, own + 1, own + 8, len(file), len(file) - 8, 2**31, 2**40, 2**63, 2**64 - 1, int(rng.integers(2**40))]
    )
    return int(length).to_bytes(8, "little") + file[8:]


def flipped(rng: Generator, file: bytes, first: int, last: int) -> bytes:
    """The file with some bits of an interval flipped."""
    content = np.frombuffer(file, np.uint8).copy()
    for _ in range(int(rng.integers(1, 9))):
        content[int(rng.integers(first, last))] ^= 1 << int(rng.integers(8))
    return content.tobytes()


def flipped_header(rng: Generator, parts: Parts) -> bytes:
    """Bits of the header flipped."""
    file = put_together(parts)
    return flipped(rng, file, 0, 8 + int.from_bytes(file[:8], "little"))


def flipped_values(rng: Generator, parts: Parts) -> bytes:
    """Bits of the tensors flipped."""
    file = put_together(parts)
    return flipped(rng, file, 8 + int.from_bytes(file[:8], "little"), len(file))


def cut(rng: Generator, parts: Parts) -> bytes:
    """Bytes lost in the end, or more of them."""
    file = put_together(parts)
    return file[: int(rng.integers(len(file)))] if rng.random() < 0.7 else file + bytes(int(rng.integers(1, 2000)))


def other_values(rng: Generator, parts: Parts) -> bytes:
    """Numbers that are no weights: not finite, so large that the logits are not, or variances below 0."""
    name = one_of(rng, floats(parts))
    variances = [name for name in sorted(parts.tensors) if name.endswith("running_var")]
    value, dtype = one_of(rng, [(np.nan, "f4"), (-np.inf, "f4"), (3e38, "f4"), (1e300, "f8"), (-1.0, "f4"), (-1e-3, "f4")])
    if value < 0 and np.isfinite(value):
        name = one_of(rng, variances)
    elif value == 3e38:
        name = "fc.weight"
    values = np.frombuffer(parts.content[name], np.float32).astype(dtype)
    values[int(rng.integers(len(values))) if abs(value) < 3e38 or np.isnan(value) else slice(None)] = value
    return put_together(parts.edited(name, values.tobytes(), dtype={"f4": "F32", "f8": "F64"}[dtype]))


def other_numbers(rng: Generator, parts: Parts) -> bytes:
    """Weights of integers, of truth values or of complex numbers, with as many bytes as they take."""
    kind, code = one_of(rng, [("i8", "I64"), ("i4", "I32"), ("i1", "I8"), ("u1", "U8"), ("?", "BOOL"), ("c8", "C64")])
    names = floats(parts) if rng.random() < 0.5 else [one_of(rng, floats(parts))]
    for name in names:
        values = np.clip(np.frombuffer(parts.content[name], np.float32), 0, 100).astype(kind)
        parts = parts.edited(name, values.tobytes(), dtype=code)
    return put_together(parts)


FORGED: tuple[Callable[[Generator, Parts], bytes], ...] = (
    *(other_dtype, other_shape, empty_layer, all_empty, eight_bits, wide_stem, other_offsets, other_names, two_names, wrapped),
    *(other_form, other_metadata, other_header, other_length, flipped_header, flipped_values, cut, other_values, other_numbers),
)

REFUSED = frozenset(
    {"empty_layer", "all_empty", "eight_bits", "wide_stem", "other_offsets", "two_names", "other_header", "other_length"}
    | {"flipped_header", "cut", "other_values", "other_numbers", "no_file"}
)
"""What never is a file of weights; of the others some may be one."""


def no_file(rng: Generator, path: Path) -> Path:
    """A path that leads to no file of weights."""
    kind = one_of(
        rng, ["/dev/zero", "/dev/full", "/dev/random", "/proc/self/mem", "/proc/self/environ", "pipe", "link", "folder", "holes", "loop"]
    )
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind in ("link", "loop"):
        path.symlink_to("/dev/zero" if kind == "link" else path)
    elif kind == "holes":
        with path.open("wb") as file:
            file.truncate(1 << int(rng.integers(31, 42)))
    else:
        return Path(kind)
    return path


def with_record(rng: Generator, path: Path, file: bytes) -> Path:
    """A valid file beside a record that is none, or another file's."""
    path.write_bytes(file)
    texts = [
        '{"sha256": 5}',
        '{"sha256": null}',
        '{"sha256": "abc"}',
        '{"sha256": ["a"]}',
        "[" * 500_000,
        '{"a":' * 100_000,
        "1" * 5000,
        "{}",
    ]
    digits = '{"epochs": ' + "7" * 5000 + "}"
    twice = '{"sha256": "' + "0" * 64 + '", "sha256": null}'
    record = path.with_suffix(".json")
    if rng.random() < 0.2:
        record.symlink_to("/dev/zero") if rng.random() < 0.5 else os.mkfifo(record)
    else:
        record.write_text(one_of(rng, [*texts, digits, twice, json.dumps({"sha256": "0" * 64})]))
    return path


def hostile(number: int, valid: bytes, folder: Path) -> tuple[str, Path]:
    """What a try is called, and the path that it reads."""
    rng, path = np.random.default_rng(number), folder / f"{number}.safetensors"
    kind = number % (len(FORGED) + 2)
    if kind == len(FORGED):
        return "no_file", no_file(rng, path)
    if kind > len(FORGED):
        return "with_record", with_record(rng, path, valid)
    path.write_bytes(FORGED[kind](rng, taken_apart(valid)))
    return FORGED[kind].__name__, path
