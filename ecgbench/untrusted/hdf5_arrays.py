"""An HDF5 file of arrays that anybody may have made, read by h5py; MAT files of version 7.3 are such files."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgbench.printable import quoted
from ecgbench.untrusted.extras import needed
from ecgbench.untrusted.files import regular_file

if TYPE_CHECKING:
    import h5py

Value = np.ndarray | list[str]
"""An array of numbers, or texts."""

MOST_BYTES = 1 << 31
"""Bytes that an array may have: a day of twelve leads at 500 Hz in float32."""

MOST_TEXTS, LONGEST_TEXT = 1 << 20, 1 << 8
"""Texts of an array, such as the symbols of a day's beats, and letters of one."""

TEXTS_AT_ONCE = 64
"""Texts that are read before their lengths are looked at."""

POINTER, HEAP = np.dtype([("length", "<u4"), ("heap", "<u8"), ("index", "<u4")]), b"GCOL"
"""What stands for a text of any length, and how the heap begins in which it is (the format's specification, III.E)."""

DEFLATED = 1100
"""Times that packed values are smaller at most: zlib gains a factor of 1,032. An array that claims more was never written."""

MATLAB = "MATLAB_class"
"""Attribute that says what MATLAB takes an array for. It writes arrays in the other order of axes."""


def hdf5_arrays(path: Path, wanted: Collection[str] | None = None) -> dict[str, Value]:
    """Arrays and texts of a file by name, with slashes where they stand in groups.

    Parameters
    ----------
    wanted : names of what is read, as far as it is there; None for everything that stands in no group

    Raises
    ------
    ValueError
        If the file is none, is cut off, or holds something else, or more, under such a name.
    """
    needed("h5py", path)
    import h5py

    with regular_file(path, follow_links=True):
        pass
    try:
        with h5py.File(path, "r", locking=False) as file:
            names = list(file) if wanted is None else [name for name in wanted if name in file]
            return {name: _value(file, name) for name in names if wanted is not None or not name.startswith("#")}
    except Exception as error:  # h5py raises whatever HDF5 says of a damaged file
        raise ValueError(f"{type(error).__name__}: {error}") from error


def _value(file: h5py.File, name: str) -> Value:
    import h5py

    if any(not isinstance(file.get(part, getlink=True), h5py.HardLink) for part in _ways(name)):
        raise ValueError(f"{quoted(name)} that is a link to somewhere else")
    held = file[name]
    if not isinstance(held, h5py.Dataset):
        raise ValueError(f"{quoted(name)} that is a group and no array")
    _check(held, name)
    class_ = _text(held.attrs.get(MATLAB, ""))
    if class_ == "cell":
        return [_letters(file[reference]) for reference in held[()].ravel()]
    if class_ == "char":
        return [_letters(held)]
    if held.dtype.kind == "S" or _of_any_length(held):
        return _texts(held, name)
    if held.dtype.kind not in "fiubc":
        raise ValueError(f"{quoted(name)} of {held.dtype}, neither numbers nor texts")
    values = np.asarray(held[()])
    return values.T if class_ else values


def _ways(name: str) -> list[str]:
    """The groups that lead to a name, and itself: "a/b" leads over "a"."""
    parts = name.strip("/").split("/")
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]


def _check(held: h5py.Dataset, name: str) -> None:
    """Refuse an array before it is read, that is kept elsewhere, or larger than the bounds or than what is kept of it."""
    if held.shape is None or held.is_virtual or held.external:
        raise ValueError(f"{quoted(name)} that is empty or kept in other files")
    item = POINTER.itemsize if _of_any_length(held) else held.id.get_type().get_size()
    stored, claimed = held.id.get_storage_size(), held.size * item
    if claimed > MOST_BYTES or claimed > stored * DEFLATED or (held.chunks is None and claimed > stored):
        raise ValueError(f"{quoted(name)} of {' x '.join(map(str, held.shape))} values, {claimed} bytes, of which {stored} are there")
    if held.dtype.kind not in "fiub" and held.size > MOST_TEXTS:
        raise ValueError(f"{quoted(name)} of {held.size} texts, more than {MOST_TEXTS}")


def _letters(held: Any) -> str:
    """A text of MATLAB's, which is an array of the letters' numbers; a column of them, as axes are in the other order."""
    if held.size > LONGEST_TEXT or held.dtype.kind not in "iu":
        raise ValueError(f"a text of {held.size} letters, more than {LONGEST_TEXT}, or none")
    if _text(held.attrs.get("MATLAB_empty", 0)) == "1":
        return ""
    return "".join(chr(code) for code in held[()].T.ravel(order="C").tolist())


def _texts(held: h5py.Dataset, name: str) -> list[str]:
    """Texts, some at a time, so that one that stands there often and is long is refused before it is read often."""
    if held.ndim > 1:
        raise ValueError(f"{quoted(name)} of texts along {held.ndim} axes, more than one")
    if _of_any_length(held):
        _check_heaps(held, name)
    found: list[str] = []
    for start in range(0, held.size, TEXTS_AT_ONCE):
        some = held[start : start + TEXTS_AT_ONCE] if held.ndim else [held[()]]
        found += [_text(one) for one in some]
        longest = max(len(text) for text in found[start:])
        if longest > LONGEST_TEXT:
            raise ValueError(f"{quoted(name)} with a text of {longest} letters, more than {LONGEST_TEXT}")
    return found


def _of_any_length(held: h5py.Dataset) -> bool:
    import h5py

    text = h5py.check_string_dtype(held.dtype)
    return text is not None and text.length is None


def _check_heaps(held: h5py.Dataset, name: str) -> None:
    """Refuse texts of any length whose heaps, as the file names them, are none: HDF5 would take whatever memory they then ask for."""
    offset, start = held.id.get_offset(), held.file.userblock_size
    if offset is None or held.id.get_storage_size() != held.size * POINTER.itemsize:
        raise ValueError(f"{quoted(name)} of texts in pieces; write them in one, or all of one length")
    content = np.memmap(held.file.filename, dtype=np.uint8, mode="r")
    pointers = content[offset : offset + held.size * POINTER.itemsize].tobytes()
    for heap in np.unique(np.frombuffer(pointers, dtype=POINTER)["heap"]).tolist():
        place = heap + start
        head = content[place : place + 16].tobytes() if heap else b""
        if heap and (head[:4] != HEAP or place + int.from_bytes(head[8:], "little") > len(content)):
            raise ValueError(f"{quoted(name)} of texts that are not where the file says")


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
