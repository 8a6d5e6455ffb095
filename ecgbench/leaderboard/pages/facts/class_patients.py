"""How many patients stand behind each explained class, and which classes have too few to order anything."""

from __future__ import annotations

from ecgbench.leaderboard.pages.tables import UNRANKED_MARK
from ecgbench.leaderboard.statistics.analysis import Analysis
from ecgbench.leaderboard.statistics.scores.window_scores import LEAST_PATIENTS


def class_heading(analysis: Analysis, class_: int) -> str:
    """Name of a class as the head of a column, with a mark if it has too few patients."""
    return analysis.board.class_name(class_) + (UNRANKED_MARK if analysis.windows.few(class_) else "")


def few_patients(analysis: Analysis) -> list[str]:
    """A sentence for each class of too few patients: how many it has, and what that means for its scores."""
    return [_few(analysis, class_) for class_ in analysis.windows.classes if analysis.windows.few(class_)]


def _few(analysis: Analysis, class_: int) -> str:
    counts = analysis.windows.class_patients(class_)
    each = ", ".join(f"{count} with seed {seed}" for seed, count in counts.items())
    return (
        f"{analysis.board.class_name(class_)} is shown and not ranked: its explained windows are of fewer than {LEAST_PATIENTS} patients "
        f"({each}), so its scores are about these patients, and a balanced mean gives them the weight of a whole class."
    )
