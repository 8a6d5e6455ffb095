"""Models: windows become a trained network, and a network becomes a callable that metrics can evaluate."""

from __future__ import annotations

from ecgbench.models._checkpoint import load_model, model_digest, model_from, save_model, weights_of
from ecgbench.models._compact import compact
from ecgbench.models._evaluate import evaluator, plain_evaluator
from ecgbench.models._forward import forward, predict
from ecgbench.models._measures import evaluate_predictions
from ecgbench.models._train import Training, train_model
from ecgbench.models.resnet import build as untrained

__all__ = [
    "Training",
    "compact",
    "evaluate_predictions",
    "evaluator",
    "forward",
    "load_model",
    "model_digest",
    "model_from",
    "plain_evaluator",
    "predict",
    "save_model",
    "train_model",
    "untrained",
    "weights_of",
]
