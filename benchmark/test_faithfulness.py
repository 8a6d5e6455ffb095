"""Faithfulness: does the model's output fall as it should when what a map ranks is taken away?"""

from __future__ import annotations

from ecgbench.metrics import FAITHFULNESS

FAMILY = FAITHFULNESS


def test_cell(cell, score_cell):
    score_cell(cell)
