"""Rendered pages and figures against files: write them, or name what differs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path

from ecgbench.artifacts import write_atomically
from ecgbench.datasets import DATASETS, DatasetEntry
from ecgbench.errors import ResultsError
from ecgbench.leaderboard.figures.canvas import CREATOR
from ecgbench.leaderboard.pages.dataset_page import MARK
from ecgbench.leaderboard.pages.page_figures import FOLDER
from ecgbench.leaderboard.pages.readme_excerpt import refreshed
from ecgbench.leaderboard.render import pages_of
from ecgbench.leaderboard.statistics.analysis import analyse
from ecgbench.leaderboard.statistics.board import read_boards
from ecgbench.metrics import METRICS, MetricEntry
from ecgbench.registry import Registry

SUBFOLDERS = ("methods", "metrics")
FIGURES = (".svg", ".png")


def render(
    scores: Path,
    out: Path,
    readme: Path | None = None,
    metrics: Registry[MetricEntry] = METRICS,
    datasets: Registry[DatasetEntry] = DATASETS,
) -> dict[Path, bytes]:
    """Content of every page and figure by its path, from accepted results alone.

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
    analyses = [analyse(board) for board in read_boards(scores, metrics, datasets)]
    files = {out / path: content for path, content in pages_of(analyses).items()}
    if readme is not None:
        folder = Path(os.path.relpath(out, readme.parent)).as_posix()
        files[readme] = refreshed(_read(readme), analyses, folder).encode()
    return files


def write_pages(scores: Path, out: Path, readme: Path | None = None) -> list[Path]:
    """Write all pages and figures, remove generated ones that have no results any more; returns the written paths.

    See `render` for the parameters and what is raised.
    """
    files = render(scores, out, readme)
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    for path in _left_over(out, files):
        path.unlink()
    return list(files)


def check_pages(scores: Path, out: Path, readme: Path | None = None) -> list[str]:
    """What differs between the files and what would be written, a line each; empty if nothing does.

    See `render` for the parameters and what is raised.
    """
    files = render(scores, out, readme)
    found = [difference for path, content in files.items() if (difference := _difference(path, content))]
    return found + [f"{path}: generated, but there are no results for it" for path in _left_over(out, files)]


def _difference(path: Path, expected: bytes) -> str:
    if not path.exists():
        return f"{path}: missing"
    if path.suffix != ".md":
        return "" if path.read_bytes() == expected else f"{path}: another figure than the results give; draw it again"
    text = _read(path)
    for line, (got, wanted) in enumerate(zip_longest(text.split("\n"), expected.decode().split("\n")), start=1):
        if got != wanted:
            return f"{path}: differs at line {line}: expected {_quoted(wanted)}, got {_quoted(got)}"
    return ""


def _quoted(line: str | None) -> str:
    return "the end of the file" if line is None else f'"{line}"'


def _left_over(out: Path, files: Mapping[Path, bytes]) -> list[Path]:
    """Generated files that are not among these: pages are known by their first line, figures by what they say drew them."""
    pages = [path for folder in (out, *(out / name for name in SUBFOLDERS)) for path in sorted(folder.glob("*.md"))]
    figures = [path for path in sorted((out / FOLDER).rglob("*")) if path.suffix in FIGURES and path not in files]
    drawn = [path for path in figures if CREATOR.encode() in path.read_bytes()]
    return [path for path in pages if path not in files and _read(path).startswith(MARK)] + drawn


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ResultsError(f"expected a page to read in {path}, got {error}; take it back from version control.") from error
