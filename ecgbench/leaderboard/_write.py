"""Rendered pages against files: write them, or name what differs."""

from __future__ import annotations

import os
from itertools import zip_longest
from pathlib import Path

from ecgbench.artifacts import write_atomically
from ecgbench.datasets import DATASETS, DatasetEntry
from ecgbench.errors import ResultsError
from ecgbench.leaderboard._board import read_boards
from ecgbench.leaderboard._overview import overview_page, refreshed
from ecgbench.leaderboard.pages import MARK, dataset_page
from ecgbench.metrics import METRICS, MetricEntry
from ecgbench.registry import Registry


def render(
    scores: Path,
    out: Path,
    readme: Path | None = None,
    metrics: Registry[MetricEntry] = METRICS,
    datasets: Registry[DatasetEntry] = DATASETS,
) -> dict[Path, str]:
    """Text of every page by its path, from accepted results alone.

    Parameters
    ----------
    scores : folder of the accepted results
    out : folder of the pages
    readme : the project's README, whose excerpt is renewed too
    metrics, datasets : where the results' metrics and datasets are declared

    Raises
    ------
    ResultsError
        If results are absent or unreadable, or the README has no place for the excerpt.
    """
    boards = read_boards(scores, metrics, datasets)
    pages = {out / f"{board.name}.md": dataset_page(board) for board in boards}
    pages[out / "README.md"] = overview_page(boards)
    if readme is not None:
        folder = Path(os.path.relpath(out, readme.parent)).as_posix()
        pages[readme] = refreshed(_read(readme), boards, folder)
    return pages


def write_pages(scores: Path, out: Path, readme: Path | None = None) -> list[Path]:
    """Write all pages, remove generated ones that have no results any more; returns the written paths.

    See `render` for the parameters and what is raised.
    """
    pages = render(scores, out, readme)
    out.mkdir(parents=True, exist_ok=True)
    for path, text in pages.items():
        write_atomically(path, text.encode())
    for path in _left_over(out, pages):
        path.unlink()
    return list(pages)


def check_pages(scores: Path, out: Path, readme: Path | None = None) -> list[str]:
    """What differs between the files and what would be written, a line each; empty if nothing does.

    See `render` for the parameters and what is raised.
    """
    pages = render(scores, out, readme)
    found = [difference for path, text in pages.items() if (difference := _difference(path, text))]
    return found + [f"{path}: generated, but there are no results for it" for path in _left_over(out, pages)]


def _difference(path: Path, expected: str) -> str:
    if not path.exists():
        return f"{path}: missing"
    text = _read(path)
    for line, (got, wanted) in enumerate(zip_longest(text.split("\n"), expected.split("\n")), start=1):
        if got != wanted:
            return f"{path}: differs at line {line}: expected {_quoted(wanted)}, got {_quoted(got)}"
    return ""


def _quoted(line: str | None) -> str:
    return "the end of the file" if line is None else f'"{line}"'


def _left_over(out: Path, pages: dict[Path, str]) -> list[Path]:
    return [path for path in sorted(out.glob("*.md")) if path not in pages and _read(path).startswith(MARK)]


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ResultsError(f"expected a page to read in {path}, got {error}; take it back from version control.") from error
