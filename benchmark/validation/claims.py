"""What the accepted results say of the claims in docs/paper.md: `python benchmark/validation/claims.py`.

Writes one table a claim into the page, in less than half a minute. `--check` says whether the page is as the accepted results have it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path

from simulated_scores import refreshed

from ecgbench.artifacts import write_atomically
from ecgbench.leaderboard.pages.sections.architectures import compared_architectures
from ecgbench.leaderboard.pages.tables import number, table, with_interval
from ecgbench.leaderboard.statistics.analysis import Analysis, Variant, analysis_of
from ecgbench.leaderboard.statistics.board import read_boards
from ecgbench.leaderboard.statistics.controls.oracles import oracle_checks
from ecgbench.leaderboard.statistics.models import OrderAgreement
from ecgbench.leaderboard.statistics.orders.agreement import Agreement
from ecgbench.leaderboard.statistics.orders.anchor import Anchor, anchors_of, dataset_orders, recipe_orders
from ecgbench.leaderboard.statistics.scores.window_scores import window_scores
from ecgbench.results import seeds_interval

ROOT = Path(__file__).parents[2]
SCORES, PAGE = ROOT / "leaderboards" / "scores", ROOT / "docs" / "paper.md"
ZEROING = ("region_perturbation_morf", "region_perturbation_lerf", "faithfulness_correlation")
CAMS = ("gradcam", "hirescam", "layercam")
SHARING = ("lrp", "deep_lift")
AGREE = 0.6
NONE_YET = "No accepted results tell of it yet."


def zeroing(analyses: Sequence[Analysis]) -> str:
    """By simulated dataset and metric that zeroes samples, the cause's score beside the best blind control's."""
    checks = [check for check in oracle_checks(_own(analyses)) if check.column.entry.key in ZEROING]
    rows = [
        [
            check.board,
            check.column.entry.key,
            number(check.score),
            f"`{check.gain.control}` {number(check.blind_score)}",
            with_interval(check.gain.value, check.gain.low, check.gain.high, 2),
            "no" if check.passed else "yes" if check.gain.high < 0 else "not told",
        ]
        for check in checks
    ]
    header = ["dataset", "metric", "the cause", "best blind control", "gain of the cause", "is the control better?"]
    return table(header, rows, numbers_from=2) if rows else NONE_YET


def orders(analyses: Sequence[Analysis]) -> str:
    """Kendall's tau of the anchor's order between the models of a dataset, and between datasets."""
    found = _anchors(analyses)
    rows = [[f"models of {one.analysis.board.name}", *_tau(one.compared.agreement)] for one in found]
    rows += [[f"{one.analysis.board.name} and {other.analysis.board.name}", *_tau(tau)] for one, other, tau in dataset_orders(found)]
    return _agreements(rows)


def of_architectures(analyses: Sequence[Analysis]) -> str:
    """Kendall's tau of the anchor's orders of each two architectures of a dataset, the least alike first, and the mean over pairs."""
    rows = []
    for found in compared_architectures(analyses):
        names = [one.analysis.board.identity.model for one in found.anchors]
        pairs = [(a, b, _pair(found.pairs, a, b)) for a, b in combinations(names, 2)]
        rows += [[f"`{a}` and `{b}`", *_tau(tau)] for a, b, tau in sorted(pairs, key=lambda pair: pair[2].tau)]
        rows.append([f"mean over pairs of {len(names)} architectures of {found.folder}, recipe `{found.recipe}`", *_tau(found.mean)])
    return _agreements(rows)


def of_recipes(analyses: Sequence[Analysis]) -> str:
    """Kendall's tau of the anchor's orders for networks of one architecture that were trained in two ways."""
    found = recipe_orders(anchors_of(analyses))
    rows = [[" and ".join(f"`{one.analysis.board.name}`" for one in (first, second)), *_tau(tau)] for first, second, tau in found]
    return _agreements(rows)


def _agreements(rows: Sequence[Sequence[str]]) -> str:
    """The table of what `_tau` says of each row's orders."""
    return table(["between", "methods", "tau", f"above {AGREE}?"], rows, numbers_from=1) if rows else NONE_YET


def _pair(pairs: Agreement, one: str, other: str) -> OrderAgreement:
    value, low, high = (float(found.loc[one, other]) for found in (pairs.value, pairs.low, pairs.high))
    return OrderAgreement(value, low, high, int(pairs.variants.loc[one, other]))


def _tau(found: OrderAgreement) -> list[str]:
    verdict = "yes" if found.low > AGREE else "no" if found.high < AGREE else "not told"
    return [str(found.items), with_interval(found.tau, found.low, found.high, 2), verdict]


def sharing(analyses: Sequence[Analysis]) -> str:
    """By dataset, how far methods that share the logit out are ahead of the best class activation map by the anchor."""
    rows = []
    for found in _anchors(analyses):
        best = max(_there(found, CAMS), key=lambda variant: _mean(found, variant), default=None)
        for variant in _there(found, SHARING) if best else []:
            ahead = _difference(found, variant, best)
            rows.append([found.analysis.board.name, f"`{variant[0]}` {number(_mean(found, variant))}", _named(found, best), *ahead])
    return table(["dataset", "method", "best class activation map", "ahead by", "is it ahead?"], rows, numbers_from=1) if rows else NONE_YET


def references(analyses: Sequence[Analysis]) -> str:
    """By dataset, what a sinus rhythm instead of a flat line as reference gains, beside the largest difference of two methods."""
    rows = []
    for found in _anchors(analyses):
        flat = ("integrated_gradients", "raw")
        means = {variant: _mean(found, variant) for variant in found.compared.variants}
        largest = max((abs(means[a] - means[b]) for a, b in combinations(means, 2)), default=float("nan"))
        for variant in (("ig_twin", "raw"), ("expected_gradients", "raw")):
            if (*variant, found.column.name) in found.analysis.cells and (*flat, found.column.name) in found.analysis.cells:
                row = [found.analysis.board.name, _named(found, flat), _named(found, variant), *_difference(found, variant, flat)[:1]]
                rows.append([*row, number(largest), "yes" if _mean(found, variant) - _mean(found, flat) > largest else "no"])
    header = ["dataset", "flat line", "sinus rhythm", "gain", "largest difference of two methods", "is the gain larger?"]
    return table(header, rows, numbers_from=1) if rows else NONE_YET


def experts(analyses: Sequence[Analysis]) -> str:
    """Ratings by experts: none are accepted."""
    return NONE_YET


CLAIMS: dict[str, Callable[[Sequence[Analysis]], str]] = {
    "zeroing": zeroing,
    "orders": orders,
    "architectures": of_architectures,
    "recipes": of_recipes,
    "sharing": sharing,
    "references": references,
    "experts": experts,
}


def _own(analyses: Sequence[Analysis]) -> list[Analysis]:
    """Of each dataset its default identity and its own architecture."""
    return [analysis for analysis in analyses if analysis.board.default]


def _anchors(analyses: Sequence[Analysis]) -> list[Anchor]:
    return anchors_of(_own(analyses))


def _there(found: Anchor, methods: Sequence[str]) -> list[Variant]:
    """The variants by which methods stand in the anchor, of those that it orders."""
    return [variant for variant in found.compared.variants if variant[0] in methods]


def _mean(found: Anchor, variant: Variant) -> float:
    return float(found.analysis.cells[(*variant, found.column.name)].mean)


def _named(found: Anchor, variant: Variant) -> str:
    return f"`{variant[0]}` {number(_mean(found, variant))}"


def _difference(found: Anchor, variant: Variant, other: Variant) -> list[str]:
    """How far a variant is ahead of another, over the windows that both have, with its interval over patients, and whether it is."""
    windows, metric = found.analysis.windows, found.column.name
    values = [windows.values[(*variant, metric, seed)] - windows.values[(*other, metric, seed)] for seed in windows.seeds]
    low, high = seeds_interval(values, [windows.patient[seed] for seed in windows.seeds])
    mean = _mean(found, variant) - _mean(found, other)
    if low is None or high is None:
        return [f"{mean:.2f}", "not told"]
    return [with_interval(mean, low, high, 2), "yes" if low > 0 else "no" if high < 0 else "not told"]


def written(text: str, scores: Path) -> str:
    """The page's text with all tables renewed from accepted results."""
    boards = [board for board in read_boards(scores) if board.compared]
    analyses = [analysis_of(board, window_scores(board), compares=False) for board in boards]
    for name, outcome in CLAIMS.items():
        text = refreshed(text, outcome(analyses), name)
    return text


def main() -> None:
    """Write the tables, or say whether they are as they should be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 if the page is not as the accepted results have it"
    )
    parser.add_argument("--scores", type=Path, default=SCORES, help="folder of accepted results (default leaderboards/scores)")
    parser.add_argument("--out", type=Path, default=PAGE, help="page with the markers (default docs/paper.md)")
    given = parser.parse_args()
    text = given.out.read_text()
    found = written(text, given.scores)
    if given.check:
        sys.exit(
            "expected docs/paper.md as the accepted results have it, got another; run benchmark/validation/claims.py."
            if found != text
            else 0
        )
    write_atomically(given.out, found.encode())


if __name__ == "__main__":
    main()
