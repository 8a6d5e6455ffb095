"""The report of one network: its table, figure, refusals and page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ecgbench.errors import InputError
from ecgbench.leaderboard.site.explorer.case import Shown
from ecgbench.leaderboard.statistics.analysis import Analysis, Variant
from ecgbench.leaderboard.statistics.ranking import place_order
from ecgbench.pipeline.grid.address import RAW, variant_name
from ecgbench.report._verdict import ordered_families, verdict
from ecgbench.results import near_duplicates, sample_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 8
"""Rows of the short table."""


@dataclass(frozen=True)
class Picture:
    """A window of the gallery.

    Attributes
    ----------
    title : of what it is
    x : (leads, time), standardised, since nobody says in which unit the network takes it
    marks : (leads, time) bool, the samples that an explanation should point at
    maps : (leads, time) by the name of the method or control
    """

    title: str
    x: np.ndarray = field(repr=False)
    marks: np.ndarray = field(repr=False)
    maps: Mapping[str, np.ndarray] = field(repr=False)


@dataclass(frozen=True, repr=False)
class Report:
    """How far each attribution method can be trusted on one network.

    Attributes
    ----------
    analysis : places, intervals, groups and gains over controls, by the leaderboards' statistics
    illness : what is wrong with a method's maps, by method, for those that are ill
    refused : why a method has no maps, or no score by a metric, by "method" or "method: metric"
    notes : what a reader must know about the windows
    fs : Hz
    leads : names of the leads
    pictures : windows with the best methods' maps and a control's
    shown : windows with the maps of everything, for the page's explorer
    """

    analysis: Analysis
    illness: Mapping[str, str]
    refused: Mapping[str, str]
    notes: tuple[str, ...]
    fs: float
    leads: tuple[str, ...]
    pictures: tuple[Picture, ...]
    shown: Shown

    @property
    def verdict(self) -> str:
        """Which methods may be trusted, in two sentences."""
        return verdict(self.analysis)

    def table(self) -> pd.DataFrame:
        """One row a method's variant and control: kind, places, metrics with 95 % intervals, seconds a window, sum error and notes.

        Places run from 0 (best) to 1; controls have none. A metric's column holds the mean over windows; nan where it does not apply.
        """
        rows = {variant_name(*variant): self.row(variant) for variant in self.variants()}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")

    def variants(self) -> list[Variant]:
        """Methods' variants, the best mean place first, then controls by name."""
        board, ordered = self.analysis.board, ordered_families(self.analysis)
        ranked = place_order(board.places[ordered].mean(axis=1) if ordered else board.places.iloc[:, 0])
        return [*ranked, *((control, RAW) for control in sorted(board.controls))]

    def plot(self) -> Figure:
        """Means with 95 % intervals, a column a metric that counts; dashed is chance, dotted the best control that ignores the network."""
        from ecgbench.report._figures import forest

        return forest(self.analysis, self.variants())

    def save(self, path: str | Path) -> None:
        """Write one HTML file that needs no other, of some megabytes at most.

        Raises
        ------
        InputError
            If the name does not end in .html.
        """
        from ecgbench.artifacts import write_atomically
        from ecgbench.report._page import page

        target = Path(path)
        if target.suffix != ".html":
            raise InputError(f'expected a .html file, got "{target}"; name it so.')
        content: str = page(self)
        write_atomically(target, content.encode())

    def __repr__(self) -> str:
        places = [f"place: {family}" for family in ordered_families(self.analysis)]
        means = [column.name for column in self.analysis.board.columns]
        shown = self.table()[["kind", *(places or means)]].head(SHOWN)
        text = shown.to_string(float_format="{:.2f}".format, na_rep="-")
        more = f"{len(self.refused)} refused; see .table(), .plot(), .refused, .save('report.html')"
        return f"{self.verdict}\n\n{text}\n{more}"

    def _repr_html_(self) -> str:
        from ecgbench.report._page import summary

        shown: str = summary(self)
        return shown

    def kind(self, variant: Variant) -> str:
        """What a row is: a method, a control that ignores the network, or an upper bound that knows the answer."""
        board = self.analysis.board
        if variant[0] in board.controls:
            return "bound" if board.controls[variant[0]].provenance.get("bound") else "control"
        return "control" if variant[0] in board.blind else "method"

    def said_of(self, variant: Variant) -> str:
        """The notes on a row."""
        said = []
        if variant[0] in self.illness:
            said.append(self.illness[variant[0]])
        if self.kind(variant) == "method" and all(self.analysis.fails_controls(variant, family) for family in self._families(variant)):
            said.append("not shown to be better than the controls")
        if variant[0] in self._alike:
            said.append(f"nearly the maps of {', '.join(self._alike[variant[0]])}")
        return "; ".join(said)

    @cached_property
    def _alike(self) -> Mapping[str, list[str]]:
        """Methods whose maps are nearly those of others, with the others' names."""
        board, seed = self.analysis.board, self.analysis.board.seeds[0]
        return near_duplicates({key: {str(seed): board.samples[key][sample_name("sketch", seed)]} for key in board.files})

    def _families(self, variant: Variant) -> list[str]:
        return [family for family in ordered_families(self.analysis) if not math.isnan(self.analysis.place(family, variant))]

    def row(self, variant: Variant) -> dict[str, Any]:
        """A row of the table."""
        board = self.analysis.board
        row: dict[str, Any] = {"kind": self.kind(variant)}
        row |= {f"place: {family}": self.analysis.place(family, variant) for family in ordered_families(self.analysis)}
        for column in board.columns:
            cell = self.analysis.summary(variant, column)
            ends = (math.nan,) * 3 if cell is None else (cell.mean, cell.low, cell.high)
            row |= dict(zip((column.name, f"{column.name} low", f"{column.name} high"), ends, strict=True))
        health = board.everything[variant[0]].health[str(board.seeds[0])]
        row["seconds a window"] = health.get("seconds_a_window", math.nan)
        row["sum error"] = health.get("sum_error", math.nan)
        return {**row, "notes": self.said_of(variant)}
