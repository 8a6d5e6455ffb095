"""The overview's answers: whom to ask where to look, whom to ask what the model rests on, and what maps without the network reach."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ecgbench.leaderboard.pages.glance.rows import seconds_a_window
from ecgbench.leaderboard.pages.glance.words import duration
from ecgbench.leaderboard.pages.tables import arrow, escaped, number
from ecgbench.leaderboard.statistics.analysis import Analysis, Variant
from ecgbench.leaderboard.statistics.controls.controls_beaten import Reach, best_by_anchor, furthest_reach, recommended
from ecgbench.leaderboard.statistics.orders.anchor import Anchor, anchor, anchors_of
from ecgbench.leaderboard.statistics.ranking import Column
from ecgbench.metrics import FAMILIES, LOCALISATION

MOST_NAMED = 3
"""Methods that a card names at most: of more that cannot be told apart, it says how many there are."""


@dataclass(frozen=True)
class Named:
    """A method that is named, and what it costs on which datasets: "3 to 7 ms"."""

    method: str
    variant: str
    cost: str


@dataclass(frozen=True)
class Card:
    """One answer: who asks what, the methods that are named, and what holds of them, sentence by sentence."""

    asks: str
    question: str
    named: Sequence[Named]
    sentences: Sequence[str]
    none: str = "No method is recommended"
    warns: bool = False


def cards(analyses: Sequence[Analysis]) -> list[Card]:
    """The overview's answers; what the model rests on is asked only where the anchor's results can tell.

    Parameters
    ----------
    analyses : of the boards in their default identity that are compared with each other
    """
    real = [analysis for analysis in analyses if not analysis.board.embedded] or list(analyses)
    anchors = anchors_of(analyses)
    return [_looks(real), *([_rests(anchors)] if anchors else []), _warning(real)] if analyses else []


def dataset_cards(analysis: Analysis) -> list[Card]:
    """What one dataset's page says to the overview's two questions; empty where its results rank nothing.

    Parameters
    ----------
    analysis : of the dataset
    """
    if analysis.board.part or LOCALISATION not in analysis.comparisons:
        return []
    found = anchor(analysis)
    return [_looks_on(analysis), *([_rests([found])] if found is not None else [_no_anchor()])]


def _looks_on(analysis: Analysis) -> Card:
    """Methods of the first group of one dataset, and what so few patients can show."""
    compared, named = analysis.comparisons[LOCALISATION], recommended(analysis, LOCALISATION)
    sentences = []
    if len(compared.groups[0]) > 1:
        sentences.append(f"{len(compared.groups[0])} methods are in the first group: {compared.patients} patients cannot tell them apart.")
    if len(named) > MOST_NAMED:
        sentences.append(f"{len(named)} of them beat every map made without the network in each metric that counts.")
    elif len(named) < len(compared.groups[0]):
        sentences.append("Named are those that are shown to beat every map made without the network in each metric that counts.")
    if compared.attainable.possible:
        sentences.append(f"A difference of {number(compared.attainable.difference, 2)} in place would be found with a probability of 0.8.")
    else:
        sentences.append("So few patients cannot show any difference.")
    return _few("I want to show a reader", "where to look", _named(named, [analysis]), sentences)


def _few(asks: str, question: str, named: Sequence[Named], sentences: Sequence[str]) -> Card:
    """A card that names the methods if they are few."""
    if len(named) <= MOST_NAMED:
        return Card(asks, question, named, sentences)
    return Card(asks, question, [], sentences, f"{len(named)} methods cannot be told apart")


def _no_anchor() -> Card:
    names = " or ".join(family.anchor.replace("_", " ") for family in FAMILIES if family.anchor)
    return Card("I want to know", "why the model decides so", [], [f"No accepted results of {names} say so."], "This dataset does not tell")


def _looks(analyses: Sequence[Analysis]) -> Card:
    """Methods of the first group of every real dataset that tells methods from blind controls."""
    telling = [analysis for analysis in analyses if analysis.tells_of_methods(LOCALISATION)]
    found = [recommended(analysis, LOCALISATION) for analysis in telling]
    both = [variant for variant in found[0] if all(variant in others for others in found)] if found else []
    sentences = []
    if both:
        sentences.append(
            f"In the first group on {_names(telling)}, and better than every map made without the network in each metric that counts."
        )
        sentences += ["They cannot be told apart."] if len(both) > 1 else []
        sentences += _by_class(telling, both)
    return _few("I want to show a reader", "where to look", _named(both, telling), sentences)


def _by_class(analyses: Iterable[Analysis], named: Sequence[Variant]) -> list[str]:
    """How the first metric of localisation differs between classes, on the dataset with the most patients."""
    analysis = max(analyses, key=lambda one: (len(one.windows.patients), one.board.name))
    column = next(column for column in analysis.board.columns if column.family == LOCALISATION and column.ranked)
    classes = [class_ for class_ in analysis.windows.classes if not analysis.windows.few(class_)]
    if len(classes) < 2:
        return []
    means = {class_: [analysis.classes(variant, column)[class_][0] for variant in named] for class_ in classes}
    order = sorted(classes, key=lambda class_: -sum(means[class_]) if column.entry.higher_is_better else sum(means[class_]))
    said = ", ".join(f"{analysis.board.class_name(class_)} {_range(means[class_])}" for class_ in order)
    return [f"By class, {metric_name(column)} on {analysis.board.name} is {said}."]


def _range(values: Sequence[float]) -> str:
    low, high = number(min(values), 2), number(max(values), 2)
    return low if low == high else f"{low} to {high}"


def _rests(anchors: Sequence[Anchor]) -> Card:
    """Methods that may be the best by the anchor on every real dataset that has one, and beat every control in its family."""
    real = [found for found in anchors if not found.analysis.board.embedded]
    simulated = [found for found in anchors if found.analysis.board.embedded] if real else []
    judged = [(found, *best_by_anchor(found)) for found in real or anchors]
    both = [variant for variant in judged[0][1] if all(variant in passed for _, passed, _ in judged)]
    sentences = [f"By {metric_name(judged[0][0].column)}, for the models of {'this page' if len(anchors) == 1 else 'these pages'}."]
    sentences += [_of_anchor(*one) for one in judged]
    sentences += [_on_simulated(simulated)] if simulated else []
    return _few("I want to know", "what the model rests on", _named(both, [found.analysis for found, _, _ in judged]), sentences)


def _of_anchor(found: Anchor, passed: Sequence[Variant], failed: Sequence[Variant]) -> str:
    """Which methods may be the best on one dataset, and which of them are not shown to beat every control."""
    on, beat = f"On {found.analysis.board.name}", "shown to beat every map made without the network"
    if not passed and not failed:
        return f"{on} the results cannot tell."
    if not passed:
        return f"{on} none: {len(failed)} of {len(found.compared.variants)} methods may be the best, none of them {beat}."
    are = "is" if len(failed) == 1 else "are"
    return f"{on} {_listed(passed)}" + (f"; {_listed(failed)} may be as good, but {are} not {beat}." if failed else ".")


def _listed(variants: Sequence[Variant]) -> str:
    """The methods by their names, or how many there are."""
    names = sorted({method for method, _ in variants})
    return ", ".join(f"`{name}`" for name in names) if len(names) <= MOST_NAMED else f"{len(names)} methods"


def _on_simulated(anchors: Sequence[Anchor]) -> str:
    """Which methods may be the best on simulated datasets."""
    each = []
    for found in anchors:
        passed, failed = best_by_anchor(found)
        each.append(f"{_listed([*passed, *failed]) or 'none'} ({found.analysis.board.name})")
    return f"On simulated ECGs, where the cause is known: {'; '.join(each)}."


def _warning(analyses: Sequence[Analysis]) -> Card:
    """What maps made without the network reach, on the datasets where they come furthest."""
    reaches = [(analysis, reach) for analysis in analyses if (reach := furthest_reach(analysis)) is not None]
    silent = [analysis.board.name for analysis in analyses if not analysis.tells_of_methods(LOCALISATION)]
    same: dict[tuple[str, str], list[tuple[Analysis, Reach]]] = {}
    for analysis, reach in sorted(reaches, key=lambda one: -one[1].share):
        same.setdefault((reach.control, reach.column.name), []).append((analysis, reach))
    sentences = [_reached(found) for found in same.values()]
    if silent:
        sentences.append(f"On {' and '.join(silent)} no method is shown to point better than such maps, so none is recommended there.")
    none = "Maps without the network come close" if sentences else "No control has been scored"
    return Card("Warning:", "what maps made without the network reach", [], sentences, none, warns=True)


def _reached(found: Sequence[tuple[Analysis, Reach]]) -> str:
    """What one control gets in one metric, on each dataset beside the best method."""
    analysis, first = found[0]
    what = escaped(_control_title(analysis, first.control))
    each = ", ".join(f"{number(reach.control_mean)} on {one.board.name} (best method {number(reach.best_mean)})" for one, reach in found)
    return f"`{first.control}` ({what}) gets, in {metric_name(first.column)}, {each}."


def _control_title(analysis: Analysis, control: str) -> str:
    controls = analysis.board.controls
    return str(controls[control].provenance["control"]) if control in controls else "a method that does not look at the network"


def metric_name(column: Column) -> str:
    """Name of a metric in a sentence, with its direction."""
    return f"{column.entry.key.replace('_', ' ')}&nbsp;{arrow(column)}"


def _names(analyses: Iterable[Analysis]) -> str:
    return " and ".join(analysis.board.name for analysis in analyses)


def _named(variants: Iterable[Variant], analyses: Sequence[Analysis]) -> list[Named]:
    return [Named(method, variant, _cost(method, analyses)) for method, variant in variants]


def _cost(method: str, analyses: Iterable[Analysis]) -> str:
    """Time a window, from the lowest to the highest of the datasets."""
    known = [seconds for analysis in analyses if not math.isnan(seconds := seconds_a_window(analysis.board, method))]
    if not known:
        return ""
    low, high = duration(min(known)), duration(max(known))
    if low == high:
        return f"{low} a window"
    unit = "&nbsp;ms"
    return f"{low.removesuffix(unit) if high.endswith(unit) else low} to {high} a window"
