"""Write pages and figures to files, or compare them with the files that are there."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from ecgbench.artifacts import file_lock, write_atomically
from ecgbench.datasets import DATASETS, DatasetEntry
from ecgbench.errors import ResultsError
from ecgbench.leaderboard.figures.canvas import CREATOR, render_figure
from ecgbench.leaderboard.figures.drawing import Drawing
from ecgbench.leaderboard.figures.drawn import digest, embedded_digest
from ecgbench.leaderboard.kept_figures import PATH as DIGESTS
from ecgbench.leaderboard.kept_figures import digests_file, figure_digest, kept_figure, known_digests
from ecgbench.leaderboard.pages.glance.numbers_file import FOLDER as NUMBERS
from ecgbench.leaderboard.pages.glance.numbers_file import HEADER
from ecgbench.leaderboard.pages.page_figures import FOLDER
from ecgbench.leaderboard.pages.readme_excerpt import refresh_excerpt
from ecgbench.leaderboard.pages.template import MARK
from ecgbench.leaderboard.render import figures_of, text_files, text_pages
from ecgbench.leaderboard.statistics.analysis import Analysis, analyse
from ecgbench.leaderboard.statistics.board import read_boards
from ecgbench.metrics import METRICS, MetricEntry
from ecgbench.registry import Registry
from ecgbench.results import leftovers

SUBFOLDERS = ("methods", "metrics")
FIGURES = (".svg", ".png")
PARTIAL = ".*.part"
"""Files that stay where a writer of pages was killed."""


def render(
    scores: Path,
    out: Path,
    readme: Path | None = None,
    metrics: Registry[MetricEntry] = METRICS,
    datasets: Registry[DatasetEntry] = DATASETS,
) -> dict[Path, bytes]:
    """Content of every page and figure by its path, from accepted results alone.

    A figure that stands in the folder already, drawn from the same data by the same code, is not drawn again.

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
    return rendered([analyse(board) for board in read_boards(scores, metrics, datasets)], out, readme)


def rendered(analyses: Sequence[Analysis], out: Path, readme: Path | None = None) -> dict[Path, bytes]:
    """As `render`, from the analyses of all boards."""
    texts = {path: text.encode() for path, text in _texts(analyses, out, readme).items()}
    known, drawings = known_digests(out), dict(figures_of(analyses))
    figures = {path: _figure(out, path, drawing, known) for path, drawing in drawings.items()}
    digests = {path: figure_digest(drawings[path], content) for path, content in figures.items()}
    return texts | {out / path: content for path, content in figures.items()} | {out / DIGESTS: digests_file(digests)}


def _figure(out: Path, path: str, drawing: Drawing, known: Mapping[str, str]) -> bytes:
    return kept_figure(out, path, drawing, known) or render_figure(drawing.draw(), Path(path).suffix)


def _texts(analyses: Sequence[Analysis], out: Path, readme: Path | None) -> dict[Path, str]:
    texts = {out / path: text for path, text in {**text_pages(analyses), **text_files(analyses)}.items()}
    if readme is not None:
        folder = Path(os.path.relpath(out, readme.parent)).as_posix()
        texts[readme] = refresh_excerpt(_read(readme), analyses, folder)
    return texts


def write_pages(scores: Path, out: Path, readme: Path | None = None) -> list[Path]:
    """Write all pages and figures, remove generated ones that have no results any more; returns the written paths.

    Raises
    ------
    ResultsError
        As `render`, and if the README was edited meanwhile.
    """
    analyses = [analyse(board) for board in read_boards(scores)]
    before = None if readme is None else _read(readme)
    files = rendered(analyses, out, readme)
    out.mkdir(parents=True, exist_ok=True)
    with file_lock(out / ".leaderboard.lock"):
        if readme is not None and _read(readme) != before:
            raise ResultsError(f"expected {readme} to stay as it was while the pages were drawn, got an edit; draw them again.")
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content)
        for path in [*_left_over(out, files), *_partial(out, readme)]:
            path.unlink()
    return list(files)


def check_pages(scores: Path, out: Path, readme: Path | None = None) -> list[str]:
    """Compare the files with what would be written; one line for each that differs.

    Pages are compared to the byte. A figure that has to be drawn again is compared by the digest of what is drawn, since its bytes change
    with the build of the libraries that render it. See `render` for the parameters and what is raised.
    """
    analyses = [analyse(board) for board in read_boards(scores)]
    texts = _texts(analyses, out, readme)
    known, drawings = known_digests(out), dict(figures_of(analyses))
    found = [_text_difference(path, text) for path, text in texts.items()]
    found += [_figure_difference(out, path, drawing, known) for path, drawing in drawings.items()]
    files = {*texts, *(out / path for path in drawings)}
    found += [f"{path}: generated, but there are no results for it" for path in _left_over(out, files)]
    found += [
        f"{path}: left where the writing of accepted results was cut off; the next --update-scores mends it" for path in leftovers(scores)
    ]
    found += [f"{path}: left where the writing of pages was cut off" for path in _partial(out, readme)]
    return [difference for difference in found if difference]


def _figure_difference(out: Path, path: str, drawing: Drawing, known: Mapping[str, str]) -> str:
    file = out / path
    if not file.exists():
        return f"{file}: missing"
    if kept_figure(out, path, drawing, known) is not None:
        return ""
    found, expected = embedded_digest(file.read_bytes()), digest(drawing.draw())
    return "" if found == expected else f"{file}: expected a figure of {expected}, got {found or 'none'}; draw it again"


def _text_difference(path: Path, expected: str) -> str:
    if not path.exists():
        return f"{path}: missing"
    for line, (got, wanted) in enumerate(zip_longest(_read(path).split("\n"), expected.split("\n")), start=1):
        if got != wanted:
            return f"{path}: differs at line {line}: expected {_quoted(wanted)}, got {_quoted(got)}"
    return ""


def _quoted(line: str | None) -> str:
    return "the end of the file" if line is None else f'"{line}"'


def _left_over(out: Path, files: Collection[Path]) -> list[Path]:
    """Generated files without results: pages and numbers are recognised by their first line, figures by the creator in their metadata."""
    pages = [path for folder in (out, *(out / name for name in SUBFOLDERS)) for path in sorted(folder.glob("*.md"))]
    figures = [path for path in sorted((out / FOLDER).rglob("*")) if path.suffix in FIGURES and path not in files]
    drawn = [path for path in figures if CREATOR.encode() in path.read_bytes()]
    numbers = [path for path in sorted((out / NUMBERS).glob("*.csv")) if path not in files and _read(path).startswith(",".join(HEADER))]
    return [path for path in pages if path not in files and _read(path).startswith(MARK)] + drawn + numbers


def _partial(out: Path, readme: Path | None) -> list[Path]:
    """What killed writers left among the pages and figures, and beside the README."""
    beside = [] if readme is None else [path for path in readme.parent.glob(PARTIAL) if path.name.startswith(f".{readme.name}.")]
    folders = ({*out.glob(PARTIAL), *beside}, *((out / name).rglob(PARTIAL) for name in (*SUBFOLDERS, FOLDER, NUMBERS)))
    return sorted(path for folder in folders for path in folder)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ResultsError(f"expected a page to read in {path}, got {error}; take it back from version control.") from error
