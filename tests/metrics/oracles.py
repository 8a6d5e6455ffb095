"""Every metric a second time: one window, plain loops over lists, straight from the definitions."""

import math
import statistics
from itertools import combinations, pairwise

import numpy as np

NAN = math.nan


def positive_mass_share(values, inside):
    total = within = 0.0
    for value, hit in zip(values, inside, strict=True):
        if value > 0:
            total += value
            within += value if hit else 0.0
    return within / total if total and any(inside) else NAN


def auc(values, inside):
    won, pairs = 0.0, 0
    for a, a_inside in zip(values, inside, strict=True):
        for b, b_inside in zip(values, inside, strict=True):
            if a_inside and not b_inside:
                pairs += 1
                won += 1.0 if a > b else 0.5 if a == b else 0.0
    return won / pairs if pairs else NAN


def average_precision(values, inside):
    """Mean over the values inside of the share that is inside among all that are as high."""
    shares = []
    for value, hit in zip(values, inside, strict=True):
        if hit:
            as_high = [other for other, found in zip(inside, values, strict=True) if found >= value]
            shares.append(sum(as_high) / len(as_high))
    return sum(shares) / len(shares) if shares and len(shares) < len(values) else NAN


def pointing_game(values, inside):
    maxima = [hit for value, hit in zip(values, inside, strict=True) if value == max(values)]
    return sum(maxima) / len(maxima) if any(inside) else NAN


def expected_hits(values, inside, places):
    """Mean over every set of `places` values of which none is lower than one that was left out."""
    hits = []
    for chosen in combinations(range(len(values)), places):
        left_out = [values[i] for i in range(len(values)) if i not in chosen]
        if not left_out or min(values[i] for i in chosen) >= max(left_out):
            hits.append(sum(inside[i] for i in chosen))
    return sum(hits) / len(hits)


def first_hits(values, inside, places):
    order = sorted(range(len(values)), key=lambda i: (-values[i], i))
    return sum(inside[i] for i in order[:places])


def relevance_rank_accuracy(values, inside):
    within = sum(inside)
    return expected_hits(values, inside, within) / within if 0 < within < len(values) else NAN


def top_k_intersection(values, inside, k):
    within = sum(inside)
    return expected_hits(values, inside, k) / min(k, within) if 0 < within < len(values) else NAN


def probability(logits, target, multilabel):
    if multilabel:
        return 1 / (1 + math.exp(-logits[target]))
    return math.exp(logits[target]) / sum(math.exp(logit) for logit in logits)


def region_perturbation(attributions, x, target, evaluate, multilabel, keys, most_relevant_first, patch, zeroed):
    """`keys` order tied patches in MoRF, backwards in LeRF; `attributions` and `x` are (leads, time)."""
    leads, time = x.shape
    patches = [range(start, min(start + patch, time)) for start in range(0, time, patch)]
    sums = [math.fsum(float(attributions[lead, t]) for t in samples for lead in range(leads)) for samples in patches]
    ranking = sorted(range(len(patches)), key=lambda i: (-sums[i], keys[i]))
    row, curve, gone = x.copy(), [0.0], 0
    whole = probability(evaluate(row[None])[0].tolist(), target, multilabel)
    for i in ranking if most_relevant_first else reversed(ranking):
        for t in patches[i]:
            row[:, t] = 0
        gone += len(patches[i])
        curve.append(whole - probability(evaluate(row[None])[0].tolist(), target, multilabel))
        if gone >= zeroed * time:
            break
    area = sum((left + right) / 2 for left, right in pairwise(curve))
    return area / (len(curve) - 1)


def faithfulness_correlation(attributions, x, target, evaluate, subsets):
    """`attributions` and `x` are (leads, time), `subsets` lists of flat indices."""
    values = [float(value) for value in attributions.reshape(-1)]
    whole = float(evaluate(x[None])[0, target])
    sums, drops = [], []
    for subset in subsets:
        row = x.reshape(-1).copy()
        for i in subset:
            row[i] = 0
        sums.append(sum(values[i] for i in subset))
        drops.append(whole - float(evaluate(row.reshape(1, *x.shape))[0, target]))
    if len(set(values)) == 1 or len(set(sums)) == 1 or len(set(drops)) == 1:
        return NAN
    return statistics.correlation(sums, drops)


def per_window(oracle, attributions, mask, *options):
    """The oracle's score of every window."""
    windows = zip(attributions.reshape(len(mask), -1).tolist(), mask.reshape(len(mask), -1).tolist(), strict=True)
    return np.array([oracle(values, inside, *options) for values, inside in windows])
