"""The report of a reader study: markdown, and the same as one HTML file."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from ecgbench._version import __version__
from ecgbench.leaderboard.pages.tables import escaped, number, table, with_interval
from ecgbench.leaderboard.site.html import parse, to_html
from ecgbench.rating.agreement import Agreement, Kappa
from ecgbench.rating.schedule import NOISE, PEAKS
from ecgbench.rating.summary import HUMAN, Mean, Summary

TITLES = {"feature": "points at the diagnostic feature", "misleading": "misleading"}
CATCH_TITLES = {NOISE: "noise", PEAKS: "every QRS complex"}
DIGITS = 2
FEW = 5
"""Raters below which drawing them anew says too little of others."""


def as_markdown(of: Summary) -> str:
    """The report as markdown; names that somebody gave show what they hold, markup too."""
    design = of.ratings.design
    parts = [
        f"# {HUMAN.title}: {escaped(design.dataset)}",
        f"{HUMAN.question} {_facts(of)}",
        "## Methods",
        _methods(of),
        _reading(of),
        "## By diagnosis",
        _by_diagnosis(of),
        "## Agreement",
        _agreement(of.agreements),
        _agreement_notes(of.agreements),
        "## Catch trials",
        _catch(of),
        "## Beside the metrics",
        f"What metrics say of the same maps of the same windows. The two are never averaged: {HUMAN.aside}.",
        _beside(of),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def as_html(markdown: str) -> str:
    """The report as one HTML file that loads nothing else."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    page = parse(markdown)
    environment = Environment(loader=PackageLoader("ecgbench.rating"), undefined=StrictUndefined, autoescape=True)
    body = Markup(to_html(page, lambda _: None))  # noqa: S704 - `to_html` lets no markup through but its own
    return environment.get_template("report.html.j2").render(title=page.title, body=body, version=__version__)


def _facts(of: Summary) -> str:
    design, cases = of.ratings.design, of.ratings.cases()
    simulated = " The ECGs are simulated." if of.ratings.facts.get("simulated") else ""
    who = ", ".join(escaped(name) for name in design.raters)
    patients = len({case.patient for case in cases})
    return (
        f"{len(cases)} windows of {patients} patients, explained of `{escaped(design.model)}` (seed {design.model_seed}), rated by "
        f"{len(design.raters)} ({who}); {of.answered} of {of.asked} screens are answered.{simulated}"
    )


def _methods(of: Summary) -> str:
    header = ["method", "points at the feature (1 to 5) ↑", "misleading (1 to 5) ↓", "in the raters' regions (AUC) ↑", "ratings"]
    rows = [
        [f"`{name}`", *(_with_interval(means[key]) for key in ("feature", "misleading", "regions")), str(of.counts[name])]
        for name, means in of.means.items()
    ]
    return table(header, rows)


def _by_diagnosis(of: Summary) -> str:
    if not of.by_diagnosis:
        return "Nobody has rated a map yet."
    shown = {name: [number(means.get(key, math.nan), DIGITS) for key in of.means] for name, means in of.by_diagnosis.items()}
    rows = [[escaped(name), *numbers] for name, numbers in shown.items()]
    said = f'Mean of "{TITLES["feature"]}"; of few windows a diagnosis it tells little.'
    return "\n\n".join([table(["diagnosis", *(f"`{name}`" for name in of.means)], rows), said])


def _with_interval(mean: Mean) -> str:
    return with_interval(*mean, digits=DIGITS)


def _reading(of: Summary) -> str:
    few = " Of so few raters it is all that was drawn; those who were not asked may differ more." if _are_few(of) else ""
    return (
        "In brackets the 95 % interval, for which raters and patients are both drawn anew; there is none with one of either. Ratings at "
        f"first sight count, repeated ones don't.{few} Regions are what each rater marked on the ECG before seeing any map; 0.5 is chance."
    )


def _are_few(of: Summary) -> bool:
    return len(of.ratings.design.raters) < FEW


def _agreement(agreements: Sequence[Agreement]) -> str:
    header = ["question", "between raters: kappa", "ICC(3,1)", "within raters: kappa", "repeated ratings"]
    return table(header, [_agreement_row(one) for one in agreements])


def _agreement_row(one: Agreement) -> list[str]:
    repeated = sum(kappa.pairs for kappa in one.within.values())
    between, within = _spread(one.between.values()), _spread(one.within.values())
    return [TITLES[one.question], between, number(one.icc, DIGITS), within, str(repeated)]


def _spread(found: Iterable[Kappa]) -> str:
    """The mean of the defined ones, with the least and the largest where there are several."""
    defined = [kappa.value for kappa in found if not math.isnan(kappa.value)]
    if len(defined) < 2:
        return number(defined[0] if defined else math.nan, DIGITS)
    return with_interval(float(np.mean(defined)), min(defined), max(defined), DIGITS)


def _agreement_notes(agreements: Sequence[Agreement]) -> str:
    lines = [
        "Kappa has quadratic weights (scikit-learn); the mean over pairs of raters, or over raters, stands with least and largest in "
        "brackets, a dash where ratings don't differ. ICC(3,1) is that of single ratings (a mixed model of statsmodels, raters fixed).",
        "",
    ]
    for one in agreements:
        named = {" and ".join(map(escaped, pair)): kappa for pair, kappa in one.between.items()}
        named |= {f"{escaped(rater)} again": kappa for rater, kappa in one.within.items()}
        lines += [f"- {TITLES[one.question]}, {who}: {number(value, DIGITS)} of {pairs} maps" for who, (value, pairs) in named.items()]
    return "\n".join(lines)


def _catch(of: Summary) -> str:
    if not of.catch:
        return "None: what serves for them is rated as a method, or nobody has come to one yet."
    raters = list(of.ratings.design.raters)
    shown = {source: [number(by_rater.get(rater, math.nan), DIGITS) for rater in raters] for source, by_rater in of.catch.items()}
    rows = [[CATCH_TITLES[source], *numbers] for source, numbers in shown.items()]
    told = [f"{escaped(rater)} gave noise 3 or more in {hits} of {asked}" for rater, (hits, asked) in of.suspicious.items()]
    said = f'Mean of "{TITLES["feature"]}" by rater. {"; ".join(told)}.' if told else ""
    return "\n\n".join([table(["catch trial", *map(escaped, raters)], rows), said])


def _beside(of: Summary) -> str:
    metrics = list(dict.fromkeys(metric for found in of.beside.values() for metric in found))
    if not metrics:
        return "No metric is known of these windows: no beat of their label is annotated."
    header = ["method", TITLES["feature"], *(f"`{metric}` against the label's beats" for metric in metrics)]
    rows = []
    for name, means in of.means.items():
        said = [number(of.beside[name].get(metric, math.nan)) for metric in metrics]
        rows.append([f"`{name}`", number(means["feature"].value, DIGITS), *said])
    return table(header, rows)
