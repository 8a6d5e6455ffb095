"""Every kind of record that must be refused, by name, leaving nothing in the store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets.records.files.wfdb_reader import read_record
from ecgbench.errors import DataError, MissingDataError
from tests.datasets.records.wfdb_files import BEATS, FS, load, signal_of, wfdb, windows_in, write


def edit(suffix: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / f"b{suffix}"
        path.write_bytes(change(path.read_bytes()))

    return apply


def rewrite(signal: np.ndarray | None = None, beats: list[tuple[int, str]] = BEATS, fs: float = FS) -> Callable[[Path], None]:
    return lambda folder: write(folder, "b", signal_of() if signal is None else signal, beats, fs)


def with_nan() -> np.ndarray:
    signal = signal_of()
    signal[17:20, 0] = np.nan
    return signal


REFUSED: dict[str, tuple[Callable[[Path], None], str]] = {
    "truncated signal": (edit(".dat", lambda data: data[:-100]), r"/b\b"),
    "empty signal": (edit(".dat", lambda data: b""), r"/b\b"),
    "other sampling rate": (rewrite(fs=250), r"expected 360 Hz in .*/b\.hea, got 250 Hz"),
    "annotation beyond the record": (rewrite(beats=[*BEATS, (351, "N")]), r"annotations of .*/b\.atr within 0\.\.350, got sample 351"),
    "invalid samples": (rewrite(with_nan()), r"only valid samples in .*/b\.dat, got 3 marked invalid"),
    "flat lead": (rewrite(signal_of() * [0, 1] + [0.5, 0]), r"an ECG in .*/b\.dat, got a flat lead at 0\.5 mV"),
    "empty header": (edit(".hea", lambda data: b""), r"/b\b"),
    "garbage header": (edit(".hea", lambda data: b"\x00\xff garbage\n\x81" * 9), r"/b\b"),
    "text header": (edit(".hea", lambda data: b"<html>404 Not Found</html>\n"), r"/b\b"),
    "header cut short": (edit(".hea", lambda data: data.split(b"\n")[0] + b"\n"), r"/b\b"),
    "no annotation": (edit(".atr", lambda data: b"\0\0"), r"annotations and their end mark in .*/b\.atr, got a truncated or empty file"),
    "empty annotations": (edit(".atr", lambda data: b""), r"annotations and their end mark in .*/b\.atr"),
    "truncated annotations": (edit(".atr", lambda data: data[:-4]), r"annotations and their end mark in .*/b\.atr"),
    "annotations cut in half a word": (edit(".atr", lambda data: data[:-3]), r"/b\b"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_record_is_refused_by_name_and_leaves_nothing_in_the_store(folder: Path, store: ArtifactStore, case: str) -> None:
    damage, message = REFUSED[case]
    damage(folder)
    with pytest.raises(DataError, match=message) as caught:
        load(folder, store)
    assert not isinstance(caught.value, MissingDataError)
    assert windows_in(store) == []
    assert list(store.root.rglob(".*")) == []


def test_whatever_wfdb_raises_becomes_an_error_of_one_line(folder: Path, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy's message about an array that cannot be resized, which a truncated signal gives under a tracer, has three lines."""

    def fails(*_: object, **__: object) -> None:
        raise ValueError("cannot resize an array\nby another object.\n Use the function.")

    monkeypatch.setattr(wfdb, "rdrecord", fails)
    reason = "ValueError: cannot resize an array by another object. Use the function."
    with pytest.raises(DataError, match=rf"^expected a readable WFDB record .*/a, got {reason}; download the record again\.$"):
        load(folder, store)


def test_mended_record_is_accepted_after_it_was_refused(folder: Path, store: ArtifactStore) -> None:
    whole = (folder / "b.dat").read_bytes()
    (folder / "b.dat").write_bytes(whole[:-100])
    with pytest.raises(DataError):
        load(folder, store)
    (folder / "b.dat").write_bytes(whole)
    assert len(load(folder, store).windows) == 4


@pytest.mark.parametrize("suffix", [".hea", ".dat", ".atr"])
def test_missing_file_is_named_with_the_command_that_fetches_it(folder: Path, store: ArtifactStore, suffix: str) -> None:
    (folder / f"b{suffix}").unlink()
    with pytest.raises(MissingDataError, match=rf"expected .*/b\{suffix}, .*got no such file; fetch it: the command that fetches$"):
        load(folder, store)
    with pytest.raises(MissingDataError, match=rf"expected .*/b\{suffix}, .*got no such file"):
        read_record(folder, "b", 0, FS)
    assert list(store) == []


def test_absent_lead_is_refused(folder: Path) -> None:
    with pytest.raises(DataError, match=r"expected at least 3 leads in .*/b\.hea, got 2"):
        read_record(folder, "b", 2, FS)


def test_flat_or_invalid_other_lead_does_not_matter(folder: Path) -> None:
    write(folder, "b", signal_of() * [1, 0], BEATS)
    assert read_record(folder, "b", 0, FS).signal.shape == (1, 350)


def test_unreadable_file_is_a_data_error(folder: Path, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", denied)
    with pytest.raises(DataError, match=r"expected a readable file .*/a\.hea, got Permission denied; mend its permissions"):
        load(folder, store)


def test_annotation_of_a_kind_that_wfdb_does_not_have_is_refused(folder: Path) -> None:
    """Its symbol would be nan, which no rule names, so that the beat would be gone."""
    words = [45 << 10 | 40, 1 << 10 | 60, 0]
    (folder / "b.atr").write_bytes(b"".join(word.to_bytes(2, "little") for word in words))
    with pytest.raises(DataError, match=r"expected annotations of WFDB's kinds in .*/b\.atr, got 1 of kinds that it does not have"):
        read_record(folder, "b", 0, FS)
