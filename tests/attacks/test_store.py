"""A store whose files were changed by others: only what was stored under a name is believed, and the verification finds the rest."""

from __future__ import annotations

import itertools
import os
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ecgbench import cli
from ecgbench.artifacts import ArtifactStore, DamagedArtifactWarning
from ecgbench.errors import NotStoredError
from tests.artifacts.files import CHECKSUM, sign
from tests.attacks.conftest import Tries

pytestmark = pytest.mark.slow

STAGES = ("windows", "model", "logits", "attributions", "scores", "agreement")
KEYS = ("a" * 64, "b" * 64)
SIGNAL = "signal.f32"
PLACES = tuple(itertools.product(STAGES, KEYS))


def fill(store: ArtifactStore) -> None:
    """Two artifacts of every stage: those of the windows with an attached file, those of the scores collections of entries of one form."""
    for number, (stage, key) in enumerate(PLACES):
        rng = np.random.default_rng(number)
        values = {"values": rng.normal(size=(4, 1, 50)).astype(np.float32)}
        if stage == "scores":
            store.merge(stage, key, {name: ({"raw": rng.normal(size=9)}, {"metric": name}, 0.5) for name in ("auc", "pointing_game")})
            continue
        attached = store.scratch(stage, key) / SIGNAL if stage == "windows" else None
        if attached is not None:
            rng.normal(size=600).astype(np.float32).tofile(attached)
        store.put(stage, key, values, {"record": ["r1", "r2"], "number": number}, 0.5, attached)
    store.prune()


@dataclass(frozen=True)
class Attacked:
    """A store, and how its files were before the attack."""

    store: ArtifactStore
    kept: Path

    def path(self, stage: str, key: str) -> Path:
        return self.store.root / stage / f"{key}.safetensors"

    def signal(self, key: str) -> Path:
        return next((self.store.root / "windows").glob(f"{key}.*.{SIGNAL}"))

    def restore(self) -> None:
        shutil.rmtree(self.store.root)
        shutil.copytree(self.kept, self.store.root)

    def check_found(self, *places: tuple[str, str]) -> None:
        """These artifacts are refused when they are read, and they and no others are named by the verification."""
        reading = ArtifactStore(self.store.root, computing=False)
        for place in places:
            with pytest.raises(NotStoredError, match="a damaged one in"):
                reading.get(*place)
        assert verify() == (1, [f"damaged: {stage}/{key}" for stage, key in sorted(places)], len(places))
        self.restore()


def verify() -> tuple[int, list[str], int]:
    """Exit code of the verification, what it names, and what it counts."""
    said: list[str] = []
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore", DamagedArtifactWarning)
        patch.setattr("builtins.print", lambda text, **_: said.extend(text.splitlines()))
        code = cli.main(("cache", "verify"))
    return code, [line for line in said if line.startswith("damaged: ")], int(said[-1].removesuffix(" damaged"))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = ArtifactStore(tmp_path_factory.mktemp("filled"))
    fill(store)
    return store.root


@pytest.fixture
def attacked(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Attacked]:
    shutil.copytree(filled, tmp_path / "store")
    monkeypatch.setenv("ECGBENCH_CACHE", str(tmp_path / "store"))
    attacked = Attacked(ArtifactStore(), filled)
    for place in PLACES:
        assert attacked.store.get(*place) is not None  # whatever is remembered of files that were whole must not hide the attack
    yield attacked
    assert verify() == (0, [], 0)


def overwrite(path: Path, content: bytes) -> None:
    """Change a file as a failing disk does, which sets no time of modification."""
    before = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def chosen(attacked: Attacked, target: str, rng: np.random.Generator) -> tuple[Path, tuple[str, str]]:
    """A file of a stage, or an attached one, and its artifact."""
    key = KEYS[rng.integers(2)]
    return (attacked.signal(key), ("windows", key)) if target == SIGNAL else (attacked.path(target, key), (target, key))


targets = pytest.mark.parametrize("target", [*STAGES, SIGNAL])


@targets
def test_flipped_bit_is_found(attacked: Attacked, tries: Tries, target: str) -> None:
    for number in tries(120):
        rng = np.random.default_rng(number)
        path, place = chosen(attacked, target, rng)
        content = bytearray(path.read_bytes())
        content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
        overwrite(path, content)
        attacked.check_found(place)


@targets
def test_truncated_file_is_found(attacked: Attacked, tries: Tries, target: str) -> None:
    for number in tries(20):
        rng = np.random.default_rng(number)
        path, place = chosen(attacked, target, rng)
        content = path.read_bytes()
        overwrite(path, content[: rng.integers(len(content))])
        attacked.check_found(place)


def test_artifacts_that_changed_places_are_found_within_and_across_stages(attacked: Attacked, tries: Tries) -> None:
    pairs = list(itertools.combinations(PLACES, 2))
    for number in tries(len(pairs)):
        first, second = (attacked.path(*place) for place in pairs[number])
        contents = first.read_bytes(), second.read_bytes()
        overwrite(first, contents[1])
        overwrite(second, contents[0])
        attacked.check_found(*pairs[number])


def test_attached_files_that_changed_places_are_found(attacked: Attacked) -> None:
    first, second = (attacked.signal(key) for key in KEYS)
    contents = first.read_bytes(), second.read_bytes()
    overwrite(first, contents[1])
    overwrite(second, contents[0])
    attacked.check_found(*(("windows", key) for key in KEYS))


def test_entries_of_a_collection_that_changed_places_are_found(attacked: Attacked) -> None:
    path = attacked.path("scores", KEYS[0])
    content = path.read_bytes()
    for form in ('"%s/raw"', '\\"%s\\":{'):  # the arrays' names, then those of the entries in the record
        names = [(form % name).encode() for name in ("auc", "pointing_game")]
        first, second = sorted(names, key=content.index)
        head, rest = content.split(first, 1)
        middle, tail = rest.split(second, 1)
        overwrite(path, head + second + middle + first + tail)
        attacked.check_found(("scores", KEYS[0]))


def signed_anew(content: bytes, old: str, new: str) -> bytes:
    """The file with other text in its record, whose header keeps its length, and with the checksum that is right for it."""
    text = content.replace(old.encode(), new.encode(), 1)
    assert text != content
    start = text.index(b'\\"checksum\\":\\"') + len(b'\\"checksum\\":\\"')
    blank = text[:start] + CHECKSUM.encode() + text[start + 64 :]
    end = int.from_bytes(content[:8], "little") + len(blank) - len(content)
    return sign(end.to_bytes(8, "little") + blank[8:])


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("edit", ["stage", "key", "both"])
def test_artifact_that_is_signed_as_another_is_found(attacked: Attacked, stage: str, edit: str) -> None:
    """It is put where it was, or where another is of whose key or stage alone it is."""
    path, other = attacked.path(stage, KEYS[0]), STAGES[STAGES.index(stage) - 1]
    changes = {"stage": [(stage, other)], "key": [KEYS], "both": [(stage, other), KEYS]}[edit]
    content = path.read_bytes()
    for old, new in changes:
        content = signed_anew(content, f':\\"{old}\\"', f':\\"{new}\\"')
    overwrite(path, content)
    attacked.check_found((stage, KEYS[0]))
    if edit != "both":
        wrong = (other, KEYS[1])
        overwrite(attacked.path(*wrong), content)
        attacked.check_found(wrong)
