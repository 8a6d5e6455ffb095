"""Artifacts that somebody made up, signed as they must be: damage, whatever they hold, found without a traceback and in bounded memory."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecgbench.artifacts import ArtifactStore, DamagedArtifactWarning, _damage
from ecgbench.errors import NotStoredError
from tests.artifacts.files import CHECKSUM, NEW, framed, headed, signed, text
from tests.artifacts.stores import constant
from tests.attacks.conftest import Tries

pytestmark = pytest.mark.slow

CONSTANT = 48 * 2**20
"""Bytes that reading may take beyond four times the file's own: its content, its header, its arrays, and the text of the record."""

DEEP = "[" * 200_000 + "]" * 200_000
TENSOR = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
ENTRY = {"info": {}, "seconds": 0.5, "with": {}}
HEAD = {name: NEW[name] for name in ("checksum", "key", "layout", "stage")}
ELSEWHERE = {f'"checksum":"{CHECKSUM}"': TENSOR, "__metadata__": {"artifact": text({**NEW, "checksum": "1" * 64})}}


def changed(**values: object) -> bytes:
    return signed({**NEW, **values})


def without(name: str) -> bytes:
    return signed({key: value for key, value in NEW.items() if key != name})


def spliced(value: str) -> bytes:
    """The record with this JSON text as the info's value."""
    record = text({**NEW, "info": {"value": "HERE"}}).replace('"HERE"', value)
    return framed(json.dumps({"__metadata__": {"artifact": record}}))


def tensors(data: int = 4, **changes: object) -> bytes:
    return headed(NEW, {"a": {**TENSOR, **changes}}, bytes(data))


def entries(found: object, **arrays: np.ndarray) -> bytes:
    return signed({**HEAD, "entries": found}, {name.replace("__", "/"): array for name, array in arrays.items()})


def attached(name: str = "signal.f32", **changes: object) -> bytes:
    return changed(files={name: {"size": 3, "sha256": "ab" * 32, **changes}})


MADE_UP: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "no header": lambda: b"\0" * 8,
    "header of 2**63 bytes": lambda: (2**63).to_bytes(8, "little") + signed(NEW)[8:],
    "no JSON": lambda: framed(f"\\\"checksum\\\":\\\"{CHECKSUM}"),
    "no UTF-8": lambda: framed(b'{"\xff":"\\"checksum\\":\\"' + CHECKSUM.encode() + b'"}'),
    "a list": lambda: signed([NEW]),
    "a number": lambda: signed(5),
    "deep JSON": lambda: spliced(DEEP),
    "deep JSON in the header": lambda: framed(f'{{"a":{DEEP},"b":"\\"checksum\\":\\"{CHECKSUM}"}}'),
    "JSON of twenty levels": lambda: spliced("[" * 20 + "]" * 20),
    "number of 5,000 digits": lambda: spliced("9" * 5000),
    "number of 30 digits": lambda: spliced("9" * 30),
    "number beyond floats": lambda: spliced("1e999"),
    "no number": lambda: spliced("NaN"),
    "half a surrogate": lambda: spliced('"\\ud800"'),
    "millions of values": lambda: spliced("[" + "[]," * 4_100_000 + "[]]"),
    "layout of 30 digits": lambda: framed(json.dumps({"__metadata__": {"artifact": text({**NEW, "layout": 10**30})}})),
    "layout as text": lambda: changed(layout="2"),
    "layout that is none": lambda: changed(layout=None),
    "stage that is a number": lambda: changed(stage=5),
    "key that is a list": lambda: changed(key=["k"]),
    "seconds as text": lambda: changed(seconds="1"),
    "seconds below none": lambda: changed(seconds=-1),
    "info that is a list": lambda: changed(info=[1]),
    "versions that are numbers": lambda: changed(**{"with": {"numpy": 2}}),
    "a field more": lambda: changed(more=1),
    "a field of many lines": lambda: changed(**{"x\n\x1b[2J" * 10_000: 1}),
    "a long stage": lambda: changed(stage="s" * 100_000),
    "an array of many lines": lambda: headed(NEW, {"x\n" * 10_000: {**TENSOR, "data_offsets": [4, 0]}}),
    **{f"without {name}": (lambda name=name: without(name)) for name in ("info", "key", "stage", "seconds", "with")},
    "digest that is a number": lambda: attached(sha256=5),
    "digest of capitals": lambda: attached(sha256="AB" * 32),
    "short digest": lambda: attached(sha256="ab"),
    "size below none": lambda: attached(size=-1),
    "size as a fraction": lambda: attached(size=3.5),
    "attached field more": lambda: attached(more=1),
    "attached elsewhere": lambda: attached("../../kept.safetensors"),
    "attached nowhere": lambda: attached(""),
    "attached that is absent": lambda: attached(),
    "attached that are a list": lambda: changed(files=[["signal.f32", 5]]),
    "checksum in the name of an array": lambda: framed(json.dumps(ELSEWHERE), bytes(4)),
    "no entries": lambda: entries({}),
    "entries that are none": lambda: entries(None),
    "entries that are a list": lambda: entries([ENTRY]),
    "entry that is a number": lambda: entries({"auc": 5}),
    "entry without seconds": lambda: entries({"auc": {"info": {}, "with": {}}}),
    "entry of two names": lambda: entries({"a/b": ENTRY}),
    "array of no entry": lambda: entries({"auc": ENTRY}, other__a=np.ones(3)),
    "array of an entry without a name": lambda: entries({"auc": ENTRY}, auc=np.ones(3)),
    "entries and info": lambda: changed(entries={"auc": ENTRY}),
    "unknown type": lambda: tensors(dtype="F8"),
    "type that numpy lacks": lambda: tensors(2, dtype="BF16", data_offsets=[0, 2]),
    "huge offsets": lambda: tensors(data_offsets=[0, 2**62]),
    "offsets backwards": lambda: tensors(data_offsets=[4, 0]),
    "offsets below none": lambda: tensors(data_offsets=[-4, 0]),
    "offsets of 30 digits": lambda: tensors(data_offsets=[0, 10**30]),
    "three offsets": lambda: tensors(data_offsets=[0, 4, 8]),
    "huge shape": lambda: tensors(shape=[2**40, 2**40]),
    "huge shape of nothing": lambda: tensors(0, shape=[0, 2**52, 2**52], data_offsets=[0, 0]),
    "shape of a hundred numbers": lambda: tensors(shape=[1] * 100),
    "data too short": lambda: tensors(2),
    "data too long": lambda: tensors(8),
    "overlapping arrays": lambda: headed(NEW, {"a": TENSOR, "b": TENSOR}, bytes(4)),
    "arrays with a gap": lambda: headed(NEW, {"a": TENSOR, "b": {**TENSOR, "data_offsets": [8, 12]}}, bytes(12)),
    "array that is a number": lambda: headed(NEW, {"a": 5}),
    "array that is a list": lambda: headed(NEW, {"a": [[]] * 100}),
}  # fmt: skip


def check_damage(store: ArtifactStore, content: bytes) -> None:
    """It is refused where nothing is computed; elsewhere its size is known, it is set aside and computed anew."""
    path = store.root / "s" / "k.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    reading = ArtifactStore(store.root, computing=False)
    with pytest.raises(NotStoredError, match=r"^expected the stored s k, got (a damaged one|one of another layout \(.{,80}\)) in .*"):
        reading.get("s", "k")
    assert store.size("s", "k") == len(content)
    _damage._warned.clear()  # of another layout a store is said to be once
    with pytest.warns(
        UserWarning, match=r"expected (the artifact .* as it was stored|artifacts of this version)[^\n]{,600}computed anew\.$"
    ):
        assert store.compute("s", "k", constant(2)).info == {"value": 2}
    assert store.prune("s") > 0


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "store")


@pytest.mark.parametrize("make", MADE_UP.values(), ids=MADE_UP)
def test_made_up_artifact_is_damage(store: ArtifactStore, make: Callable[[], bytes]) -> None:
    beside = store.root / "kept.safetensors"
    store.root.mkdir()
    beside.write_bytes(b"somebody's")
    check_damage(store, make())
    assert beside.exists()


@pytest.mark.parametrize("name", ["deep JSON", "millions of values", "number of 5,000 digits", "huge offsets", "header of 2**63 bytes"])
def test_made_up_artifact_is_refused_in_memory_of_its_own_size(store: ArtifactStore, name: str) -> None:
    content = MADE_UP[name]()
    path = store.root / "s" / "k.safetensors"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    tracemalloc.start()
    try:
        assert store.fault("s", "k") is not None
        assert tracemalloc.get_traced_memory()[1] < 4 * len(content) + CONSTANT
    finally:
        tracemalloc.stop()


JUNK: list[Any] = [
    None,
    True,
    -1,
    0,
    2**63,
    1.5,
    "",
    "x",
    [],
    [[]],
    {},
    {"a": 1},
    [None] * 3,
    {"a": {"b": []}},
    "../../x",
    "k\0",
    "é" * 300,
]


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where the values are that a value holds, itself included."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for name, held in inner for place in places(held, (*at, name)))]


def replaced(value: Any, at: tuple[Any, ...], junk: Any) -> Any:
    if not at:
        return junk
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = replaced(copy[at[0]], at[1:], junk)
    return copy


FORMS: list[dict[str, Any]] = [NEW, {**HEAD, "entries": {"auc": ENTRY}}, {**NEW, "files": {"f": {"size": 3, "sha256": "ab" * 32}}}]


def test_record_with_junk_anywhere_is_damage_or_still_a_record(store: ArtifactStore, tries: Tries) -> None:
    """What stays a record is one of other facts, of the types that facts have."""
    for number in tries(600):
        rng = np.random.default_rng(number)
        record = FORMS[rng.integers(len(FORMS))]
        arrays = {} if "entries" in record else {"a": TENSOR}
        header: dict[str, Any] = {"record": record, "arrays": arrays}
        where = [place for place in places(header) if place and place not in {("record",), ("record", "checksum")}]
        header = replaced(header, where[rng.integers(len(where))], JUNK[rng.integers(len(JUNK))])
        described = header["arrays"] if isinstance(header["arrays"], dict) else {"a": header["arrays"]}
        content = headed(header["record"], described, bytes(4))
        path = store.root / "s" / "k.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if store.fault("s", "k") is not None:
            check_damage(store, content)
            continue
        found = store.get("s", "k")
        assert found is not None
        for part in (found, *found.entries.values()):
            assert isinstance(part.info, dict)
            assert isinstance(part.seconds, float | int)
            assert all(isinstance(version, str) for version in part.made_with.values())


def test_damaged_artifact_is_not_announced_as_an_error_of_the_program(store: ArtifactStore) -> None:
    path = store.root / "s" / "k.safetensors"
    path.mkdir(parents=True)
    with pytest.warns(DamagedArtifactWarning, match="no file"):
        assert store.get("s", "k") is None
