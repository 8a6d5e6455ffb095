"""Models: windows become a trained network, and a network becomes a callable that metrics can evaluate."""

from __future__ import annotations

from ecgbench.models.checkpoint import load_model, model_digest, model_from, save_model, weights_of
from ecgbench.models.evaluate import evaluator, plain_evaluator
from ecgbench.models.fast.compact import compact
from ecgbench.models.forward_pass import forward, predict
from ecgbench.models.measures import evaluate_predictions
from ecgbench.models.resnet import build as untrained
from ecgbench.models.train import Training, train_model

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
