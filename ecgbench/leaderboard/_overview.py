"""What stands above the single pages: the overview of all datasets, and the excerpt in the project's README."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

import pandas as pd

from ecgbench.errors import ResultsError
from ecgbench.leaderboard._board import Board
from ecgbench.leaderboard.pages import generated
from ecgbench.leaderboard.statistics import Column, families, in_order, overall
from ecgbench.leaderboard.tables import NOTHING, heading, label, number, ranking, score, table

BEST = 3
INTRODUCTION = """\
# Leaderboards

Attribution methods on ECG classifiers, from accepted results only: every number is in `scores/` beside the per-window scores it is the
mean of, and `ecgbench leaderboard` draws these pages from them."""
HOW = """\
## How to read

- A variant is a method with its signed maps, or, as `method` (abs), with their absolute values.
- A number is the variant's place on a dataset: the mean over the family's metrics of its rank among the variants, scaled to 0 (best) .. 1
  (worst). A page's own text says which metrics count.
- Overall is the mean over the **real** datasets in their default identity. Simulated ECGs are shown and do not count; what was computed
  with other options has a page and is not in these tables.
- A dash means not ranked: the method is shown for comparison only, or a cell that applies to the variant is missing, on one of the real
  datasets for the overall mean. The page says which one."""
_BLOCK = re.compile(r"(<!-- leaderboard:begin(?: (\S+))? -->\n).*?(<!-- leaderboard:end -->)", re.DOTALL)


def overview_page(boards: Sequence[Board]) -> str:
    """The page of all datasets, as markdown."""
    shown = [board for board in boards if board.default and not board.apart]
    parts = [generated("scores/"), INTRODUCTION, "## Datasets", _links(board for board in boards if not board.apart)]
    for family in _families(shown):
        parts += [f"## {family.capitalize()}", places_table([board for board in shown if family in board.places], family)]
    parts += [HOW]
    if apart := [board for board in boards if board.apart]:
        parts += ["## Simulated stand-ins", "Computed on simulated records; compared with nothing above.", _links(apart)]
    return "\n\n".join(parts) + "\n"


def _families(boards: Iterable[Board]) -> tuple[str, ...]:
    return families(in_order({column.name: column for board in boards for column in board.columns}.values()))


def _links(boards: Iterable[Board]) -> str:
    rows = []
    for board in boards:
        kind = "simulated" if board.embedded or board.apart else "real"
        seeds = ", ".join(map(str, board.seeds))
        named = {name: board.identity[name] for name in ("edition", "labels", "split", "protocol", "samples")}
        options = ", ".join(f"{name} {value}" for name, value in named.items() if value != "")
        rows.append([f"[{board.name}]({board.name}.md)", board.title, kind, options, seeds, str(len(board.files))])
    return table(["page", "dataset", "ECGs", "options", "seeds", "methods"], rows, numbers_from=5)


def places_table(boards: Sequence[Board], family: str) -> str:
    """Places of every variant on every dataset and their mean over the real ones, best first."""
    by_dataset = {board.name: board.places[family] for board in boards}
    real = {board.name: board.places[family] for board in boards if not board.embedded}
    means = overall(real or by_dataset)
    variants = sorted({variant for places in by_dataset.values() for variant in places.index})
    rows = []
    for variant, position, mean in ranking(means.reindex(pd.MultiIndex.from_tuples(variants))):
        places = [_place(by_dataset[name], variant) for name in by_dataset]
        rows.append([position, label(*variant), *([mean] if real else []), *places])
    return table(["#", "variant", *(["overall"] if real else []), *by_dataset], rows, numbers_from=2)


def _place(places: pd.Series[float], variant: tuple[str, str]) -> str:
    place = places[variant] if variant in places.index else math.nan
    return NOTHING if math.isnan(place) else number(place)


def excerpt(board: Board) -> str:
    """The best variants of each family of a dataset, with their places and the first metrics that apply to every variant."""
    ranked = {family: ranking(board.places[family]) for family in families(board.columns)}
    best = {variant for order in ranked.values() for variant, _, place in order[:BEST] if place != NOTHING}
    order = [variant for variant, _, _ in next(iter(ranked.values())) if variant in best]
    shown = [column for family in ranked for column in _headlines(board, family)]
    rows = []
    for variant in order:
        places = [_place(board.places[family], variant) for family in ranked]
        rows.append([label(*variant), *places, *(score(board, variant, column) for column in shown)])
    return table(["variant", *(f"{family}: place" for family in ranked), *map(heading, shown)], rows)


def _headlines(board: Board, family: str) -> list[Column]:
    counted = [c for c in board.columns if c.family == family and c.entry.ranked and not c.entry.signed_only]
    return counted[:2]


def refreshed(text: str, boards: Sequence[Board], folder: str) -> str:
    """A README's text with the excerpt between its markers renewed.

    Between `<!-- leaderboard:begin -->` and `<!-- leaderboard:end -->` stands the excerpt of the first real dataset; the first marker may
    name another one (`<!-- leaderboard:begin synthetic -->`).

    Raises
    ------
    ResultsError
        If the markers are missing or name a dataset without accepted results.
    """
    found = _BLOCK.search(text)
    if found is None:
        raise ResultsError(
            "expected the lines <!-- leaderboard:begin --> and <!-- leaderboard:end --> in the README, got neither or one; put both there."
        )
    board = _chosen(boards, found[2])
    page = f"{folder}/{board.name}.md"
    sentence = f"The {BEST} best variants of each family on {board.title}; places run from 0 (best) to 1 (worst). [All of it]({page})."
    block = f"{found[1]}{generated(f'{folder}/scores/{board.name}')}\n\n{excerpt(board)}\n\n{sentence}\n{found[3]}"
    return text[: found.start()] + block + text[found.end() :]


def _chosen(boards: Sequence[Board], name: str | None) -> Board:
    fit = [board for board in boards if not board.apart and (board.name == name if name else board.default)]
    if not fit:
        raise ResultsError(
            f"expected accepted results of {name or 'a dataset'} for the README, got {', '.join(board.name for board in boards)}; "
            "name another folder behind leaderboard:begin."
        )
    return min(fit, key=lambda board: (board.embedded, board.name))
