"""Cells: the score of every source of maps by every metric, of whatever family, against what was accepted."""

from __future__ import annotations


def test_cell(cell, score_cell):
    score_cell(cell)
