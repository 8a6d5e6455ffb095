"""Characters that a terminal or a page would not show as they are: found, and written as escapes."""

from __future__ import annotations

import unicodedata

BLANK = (
    *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
    *range(0x180B, 0x1810),
    *range(0xFE00, 0xFE10),
    *range(0xE0100, 0xE01F0),
)
"""Characters that Unicode counts as letters, marks or symbols, and nobody sees: fillers, variation selectors, Braille's empty cell."""

_BLANK = frozenset(map(chr, BLANK))


def is_seen(letter: str) -> bool:
    """Whether a character is seen, and does nothing else: no control, no direction mark, no filler, no half of a pair."""
    return letter.isprintable() and letter not in _BLANK


def hidden(text: str) -> list[str]:
    """The characters of a text that are not seen, by their code points such as U+200B, each once."""
    return list(dict.fromkeys(f"U+{ord(letter):04X}" for letter in text if not is_seen(letter)))


def printable(text: str, kept: str = "") -> str:
    """The text, with escapes for all characters that are not seen, such as the one that begins a terminal's commands.

    Parameters
    ----------
    kept : characters that stay, such as the ends of lines of what has several
    """
    return "".join(letter if is_seen(letter) or letter in kept else _escaped(letter) for letter in text)


def counted(count: int, what: str) -> str:
    """A number of things, such as "1 window" or "1,200 windows"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def shortened(text: str, most: int = 200) -> str:
    """The text, cut in the middle where it is longer than a message should quote."""
    half = most // 2
    return text if len(text) <= most else f"{text[:half]}...{text[-half:]}"


def quoted(text: str, most: int = 200) -> str:
    """What a file or a server said, as a message quotes it: on one line, cut where it is long, and printable."""
    return printable(shortened(" ".join(text.split()), most))


def is_composed(text: str) -> bool:
    """Whether accents are one character with their letter wherever there is such a one (Unicode's NFC)."""
    return unicodedata.is_normalized("NFC", text)


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")
