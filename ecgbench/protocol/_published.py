"""What the study published of its orders; no table of values is available.

The first three of each family stand in the study's figure. The whole orders are inferred from an analysis notebook of its authors (November
2023, deleted since).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Order = tuple[tuple[str, str], ...]


def _order(names: str) -> Order:
    """Methods and variants from their names; `_abs` stands for absolute values."""
    return tuple((name.removesuffix("_abs"), "abs" if name.endswith("_abs") else "raw") for name in names.split())


PUBLISHED_FIRST: Mapping[str, Order] = MappingProxyType(
    {
        "localisation": _order("guided_gradcam_abs guided_backprop_abs gradcam"),
        "faithfulness": _order("lime deep_shap integrated_gradients_abs"),
    }
)
"""The best three variants of each family, as the study's figure names them."""

INFERRED_ORDERS: Mapping[str, Order] = MappingProxyType(
    {
        "localisation": _order(
            "guided_gradcam_abs guided_backprop_abs gradcam deep_shap_abs integrated_gradients_abs deep_lift_abs lime input_gradient_abs "
            "kernel_shap saliency_abs lrp_abs random_baseline"
        ),
        "faithfulness": _order(
            "lime deep_shap integrated_gradients_abs deep_lift guided_backprop_abs input_gradient_abs guided_gradcam_abs kernel_shap "
            "gradcam lrp_abs saliency_abs random_baseline"
        ),
    }
)
"""The whole orders, best first, as inferred."""

FIGURE_METRICS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "localisation": ("attribution_localization", "auc", "pointing_game", "relevance_rank_accuracy"),
        "faithfulness": ("faithfulness_correlation", "region_perturbation_lerf", "region_perturbation_morf"),
    }
)
"""The metrics of the study's figure, over which its orders are."""

STUDY_DIGITS = 3
"""Decimals to which the study rounds means before it ranks them."""
