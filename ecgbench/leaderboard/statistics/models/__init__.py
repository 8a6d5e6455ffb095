"""Statistics over models and patients: what would change with other models of the same recipe as well as with other patients."""

from __future__ import annotations

from ecgbench.leaderboard.statistics.models.best import Best, comparison_with_best
from ecgbench.leaderboard.statistics.models.board_models import BoardModels, MetricModels, analyse_models
from ecgbench.leaderboard.statistics.models.choice import CrossFitted, crossfitted_choices
from ecgbench.leaderboard.statistics.models.components import Components, components
from ecgbench.leaderboard.statistics.models.draws import same_patient_draws, two_way_draws, two_way_means
from ecgbench.leaderboard.statistics.models.order import OrderAgreement, mean_agreement, model_agreement, order_agreement
from ecgbench.leaderboard.statistics.models.spread import Spread, contrast_spread, mean_spread
from ecgbench.leaderboard.statistics.models.tally import Tally, complete_names, tally

__all__ = [
    "Best",
    "BoardModels",
    "Components",
    "CrossFitted",
    "MetricModels",
    "OrderAgreement",
    "Spread",
    "Tally",
    "analyse_models",
    "comparison_with_best",
    "complete_names",
    "components",
    "contrast_spread",
    "crossfitted_choices",
    "mean_agreement",
    "mean_spread",
    "model_agreement",
    "order_agreement",
    "same_patient_draws",
    "tally",
    "two_way_draws",
    "two_way_means",
]
