"""Command lines built from the parsers themselves: each option and each position of each verb, with each value that no verb hopes for."""

import argparse
import itertools
import random
from pathlib import Path

from ecgbench import cli

DIGITS = "9" * 5000
LONG = "a/" * 2500
VALUES = (
    *("", " ", "-", "--", "-1", "0", "007", "1.5", "1e400", "nan", "inf", DIGITS, str(10**30), "٣", "1_000", "1-999999999", f"1-{DIGITS}"),
    *("1,,2", "3-1", "\0", "a\0b", "\udcff\udcfe", "a" * 300, "a" * 5000, LONG, "[" * 3000, "*a" * 500, "**", "../passwd", "~root"),
    *("/dev/full", "/dev/zero", "/dev/stdin", "/proc/self/mem", "/proc/self/environ", "/etc/hostname", "nowhere/below/file.npz"),
    *("http://[::1", "http://", "http://a:99999/", "https://a b", "file:///etc/passwd", "http://" + "a" * 300 + ".example"),
    *(
        "\x1b[31mred\x1b[0m",
        "\x1b]0;title\x07",
        "line\nother",
        "\r",
        "\u202eabc",
        "\u200b",
        "\u3164",
        "\u2800",
        "e\u0301",
        "💓",
        "con",
        "nul.npz",
    ),
    *(
        "meta",
        "cuda:99999999999999999999",
        "mkldnn",
        "lazy",
        "xla",
        "privateuseone",
        "cpu:99999",
        "mps",
        "%s%n",
        "{0}",
        "$(id)",
        "@file",
        "None",
    ),
    *("/dev/full.npz", "\0.npz", "a" * 300 + ".npz", "/proc/self/fd/1.safetensors", "--help", "-h", "=", "==", "\ufeff", "\ud800.csv"),
)
BASES = {
    "download": ("download", "mitdb", "--jobs", "1"),
    "verify": ("verify", "mitdb"),
    "simulate": ("simulate", "mitdb", "simulated"),
    "train": ("train", "mitdb"),
    "explain": ("explain", "mitdb", "--method", "saliency", "--out", "maps.npz"),
    "run": ("run", "--dataset", "mitdb"),
    "windows": ("windows", "mitdb", "--out", "windows.npz"),
    "submit": ("submit", "mitdb", "--name", "mine", "--maps", "maps.npz", "--reference", "doi:10.1/a", "--out", "mine.safetensors"),
    "evaluate": ("evaluate", "mine.safetensors"),
    "compare": ("compare", "here", "there"),
    "scores": ("scores", "mitdb", "--method", "saliency", "--metric", "auc"),
    "results": ("results", "migrate"),
    "cache": ("cache", "list"),
}
"""A line of each verb that needs one, whose records are nowhere, so that no verb computes for long."""


def command_lines() -> list[tuple[str, ...]]:
    """All lines, in an order that looks like none, so that any share of them has some of everything."""
    lines = [(value,) for value in VALUES]
    for verb, parser in verbs().items():
        base = BASES.get(verb, (verb,))
        for action, value in itertools.product(parser._actions, VALUES):
            lines.extend(_with(base, action, value))
    random.Random(0).shuffle(lines)
    return lines


def verbs() -> dict[str, argparse.ArgumentParser]:
    """The parser of each verb."""
    return {verb.prog.split()[-1]: verb for verb in cli.whole_parser()[1]}


def _with(base: tuple[str, ...], action: argparse.Action, value: str) -> list[tuple[str, ...]]:
    """The line with the value at one place."""
    if action.option_strings:
        flag = action.option_strings[-1]
        apart = () if action.nargs == 0 else ((*base, flag, value),)
        return [(*base, f"{flag}={value}"), *apart]
    place = 1 + _positions(base[0]).index(action.dest)
    return [(*base[:place], value, *base[place + 1 :])]


def _positions(verb: str) -> list[str]:
    return [action.dest for action in verbs()[verb]._actions if not action.option_strings]


def is_inside(path: str, folder: Path) -> bool:
    """Whether a path lies in a folder."""
    return Path(path).resolve().is_relative_to(folder.resolve())
