"""Localisation: does a map point at the beats (on synthetic also: at the samples) that make the class?"""

from __future__ import annotations

from ecgbench.metrics import LOCALISATION

FAMILY = LOCALISATION


def test_cell(cell, score_cell):
    score_cell(cell)
