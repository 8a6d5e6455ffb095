"""All pages and figures of all boards, by their paths below the pages' folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ecgbench.leaderboard.figures.drawing import Drawing
from ecgbench.leaderboard.figures.teaser import teaser
from ecgbench.leaderboard.pages.dataset_page import dataset_page
from ecgbench.leaderboard.pages.glance.numbers_file import numbers_file, numbers_path
from ecgbench.leaderboard.pages.glance.table import first_view, thumbnails
from ecgbench.leaderboard.pages.method_page import method_page
from ecgbench.leaderboard.pages.metric_page import metric_page
from ecgbench.leaderboard.pages.oracles import PATH as ORACLES
from ecgbench.leaderboard.pages.oracles import oracles_page
from ecgbench.leaderboard.pages.overview import overview_page
from ecgbench.leaderboard.pages.page_figures import ONE_ECG, dataset_figures
from ecgbench.leaderboard.pages.sections.architectures import compared_architectures
from ecgbench.leaderboard.statistics.analysis import Analysis
from ecgbench.leaderboard.statistics.controls.oracles import oracle_checks
from ecgbench.leaderboard.statistics.orders.agreement import metric_agreement
from ecgbench.leaderboard.study.page import PATH, study_page


def figures_of(analyses: Sequence[Analysis]) -> Iterator[tuple[str, Drawing]]:
    """Figures, one after another, since all of them drawn at once would fill the memory."""
    for analysis in analyses:
        yield from dataset_figures(analysis)


def text_files(analyses: Sequence[Analysis]) -> dict[str, str]:
    """What pages show or link to and is text: each dataset's numbers, the maps in the overview's table, and one ECG with four of them."""
    files = {numbers_path(analysis.board.name): numbers_file(analysis) for analysis in analyses}
    view = first_view(analyses)
    if view is None:
        return files
    drawn = teaser(view.board)
    return files | thumbnails(view) | ({} if drawn is None else {ONE_ECG: drawn.decode()})


def text_pages(analyses: Sequence[Analysis]) -> dict[str, str]:
    """Pages as markdown.

    What was computed on simulated stand-ins, or to be compared with the study, has pages of its own. Its scores are not on those of methods
    and metrics, but each of its methods and metrics has such a page, which says what it is.
    """
    compared = [analysis for analysis in analyses if analysis.board.compared]
    agreements = {analysis.board.name: metric_agreement(analysis) for analysis in compared}
    checks = oracle_checks(analyses)
    architectures = compared_architectures(analyses)
    pages = {"README.md": overview_page(analyses, agreements, checks, architectures)}
    pages |= {f"{analysis.board.name}.md": dataset_page(analysis, checks, architectures) for analysis in analyses}
    for method in sorted({method for analysis in analyses for method in analysis.board.files}):
        pages[f"methods/{method}.md"] = method_page(method, [analysis for analysis in analyses if method in analysis.board.files])
    entries = {column.entry.key: column.entry for analysis in analyses for column in analysis.board.columns}
    for key in sorted(entries):
        having = [analysis for analysis in compared if any(column.entry.key == key for column in analysis.board.columns)]
        pages[f"metrics/{key}.md"] = metric_page(entries[key], having, agreements, checks)
    pages[ORACLES] = oracles_page(checks)
    if (study := study_page(analyses)) is not None:
        pages[PATH] = study
    return pages
