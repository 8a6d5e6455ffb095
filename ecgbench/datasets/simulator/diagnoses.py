"""Which of PTB-XL's labels a simulated record has, one rhythm and up to two compatible findings, and the codes of these labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations
from types import MappingProxyType

import numpy as np

from ecgbench.protocol import PTBXL_LABELS

RHYTHMS: Mapping[str, float] = MappingProxyType({"NSR": 0.58, "AF": 0.10, "AFL": 0.06, "SA": 0.07, "SB": 0.06, "STach": 0.07, "PR": 0.06})
"""Share of the records with each rhythm. Rare ones are more frequent than in PTB-XL, so that a small database has all of them."""

FINDINGS = ("CRBBB", "IRBBB", "LBBB", "NSIVCB", "IAVB", "LPR", "LAD", "LAnFB", "RAD", "LQRSV", "LQT", "QAb", "TAb", "TInv", "PAC")
"""All are equally likely, unless another label excludes them."""

FINDINGS_SHARES = (0.30, 0.40, 0.30)
"""Probabilities of drawing no, one and two findings; a finding is only added if one is compatible with the labels drawn before."""

IMPLIED: Mapping[str, tuple[str, ...]] = MappingProxyType({"LAnFB": ("LAD",)})
"""Labels that another label implies: in an anterior fascicular block, the axis deviates to the left."""

ALTERNATIVES = (
    ("CRBBB", "IRBBB", "LBBB", "NSIVCB"),
    ("IAVB", "LPR"),
    ("LAD", "LAnFB", "RAD"),
    ("TAb", "TInv"),
    ("LQRSV", "QAb"),
    ("LBBB", "LAnFB"),
    ("LBBB", "TAb"),
    ("LBBB", "TInv"),
    ("LBBB", "QAb"),
    ("AF", "IAVB"),
    ("AF", "LPR"),
    ("AF", "PAC"),
    ("AFL", "IAVB"),
    ("AFL", "LPR"),
    ("AFL", "PAC"),
    ("AFL", "TAb"),
    ("AFL", "TInv"),
    ("AFL", "LQT"),
    ("STach", "LQT"),
    ("SA", "PAC"),
    *(("PR", finding) for finding in FINDINGS),
)
"""Groups of labels of which a record has at most one: they contradict each other, or one hides the signs of the other (fibrillation and
flutter have no P wave, and their waves cover T; a left bundle branch block inverts T; paced beats are unlike all others)."""

EXCLUDED = frozenset(pair for group in ALTERNATIVES for pair in permutations(group, 2))
"""Pairs of labels that no record has both of."""

ORDER = tuple(label.name for label in PTBXL_LABELS)

MAX_LABELS = 3
"""Most labels of a record."""

STATEMENTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "AFIB": ("atrial fibrillation", "rhythm"),
        "AFLT": ("atrial flutter", "rhythm"),
        "CRBBB": ("complete right bundle branch block", "diagnostic"),
        "1AVB": ("first degree AV block", "diagnostic"),
        "IRBBB": ("incomplete right bundle branch block", "diagnostic"),
        "LAFB": ("left anterior fascicular block", "diagnostic"),
        "CLBBB": ("complete left bundle branch block", "diagnostic"),
        "LVOLT": ("low QRS voltages in the frontal and horizontal leads", "form"),
        "IVCD": ("non-specific intraventricular conduction disturbance (block)", "diagnostic"),
        "SR": ("sinus rhythm", "rhythm"),
        "NORM": ("normal ECG", "diagnostic"),
        "PAC": ("atrial premature complex", "form"),
        "SVARR": ("supraventricular arrhythmia", "rhythm"),
        "PACE": ("normal functioning artificial pacemaker", "rhythm"),
        "LPR": ("prolonged PR interval", "form"),
        "LNGQT": ("long QT-interval", "diagnostic form"),
        "QWAVE": ("Q waves present", "form"),
        "SARRH": ("sinus arrhythmia", "rhythm"),
        "SBRAD": ("sinus bradycardia", "rhythm"),
        "STACH": ("sinus tachycardia", "rhythm"),
        "NDT": ("non-diagnostic T abnormalities", "diagnostic form"),
        "TAB_": ("T-wave abnormality", "form"),
        "LOWT": ("low amplitude T-waves", "form"),
        "INVT": ("inverted T-waves", "form"),
    }
)
"""The labels' SCP codes with their descriptions and groups, as in PTB-XL's `scp_statements.csv`."""

LIKELIHOODS = (100.0, 80.0, 50.0, 35.0, 15.0, 0.0)
"""Likelihoods of diagnostic statements in per cent; 0 stands for unknown. All other statements have 0."""

NORMAL_SHARE = 0.8
"""Probability that a record without findings has the code NORM beside that of its rhythm."""

OTHER_CODE_SHARE = 0.1
"""Probability that the Challenge's header has a label's alternative code, if there is one."""

UNLABELLED_AXES = ("", "MID")
"""Values of `heart_axis` that stand for none of the labels."""


def draw_labels(generator: np.random.Generator, featured: str = "") -> tuple[str, ...]:
    """One to three labels in the order of their integers, including the featured one if one is given."""
    drawn = [_draw_rhythm(generator, featured)]
    if featured not in (*drawn, ""):
        drawn += [featured, *IMPLIED.get(featured, ())]
    for _ in range(generator.choice(len(FINDINGS_SHARES), p=FINDINGS_SHARES)):
        possible = [finding for finding in FINDINGS if goes_with(finding, drawn)]
        if possible:
            finding = str(generator.choice(possible))
            drawn += [finding, *IMPLIED.get(finding, ())]
    return tuple(sorted(drawn, key=ORDER.index))


def _draw_rhythm(generator: np.random.Generator, featured: str) -> str:
    if featured in RHYTHMS:
        return featured
    shares = np.array([share * ((rhythm, featured) not in EXCLUDED) for rhythm, share in RHYTHMS.items()])
    return str(generator.choice(list(RHYTHMS), p=shares / shares.sum()))


def goes_with(finding: str, drawn: Sequence[str]) -> bool:
    """Whether a record with the drawn labels can have the finding, or the rhythm if none is among them, and what it implies, too."""
    together = len(drawn) + 1 + len(IMPLIED.get(finding, ()))
    return finding not in drawn and together <= MAX_LABELS and not any((finding, one) in EXCLUDED for one in drawn)


def scp_codes(labels: Sequence[str], generator: np.random.Generator) -> dict[str, float]:
    """SCP codes of the labels with their likelihoods; axes are not among them, since they stand in `heart_axis`."""
    chosen = ["NORM"] if labels == ("NSR",) and generator.random() < NORMAL_SHARE else []
    for label in labels:
        codes = [code for code in PTBXL_LABELS[ORDER.index(label)].scp if code != "NORM"]
        if codes:
            chosen.append(str(generator.choice(codes)))
    return {code: _likelihood(code, generator) for code in chosen}


def _likelihood(code: str, generator: np.random.Generator) -> float:
    return float(generator.choice(LIKELIHOODS)) if "diagnostic" in STATEMENTS[code][1] else 0.0


def heart_axis(labels: Sequence[str], generator: np.random.Generator) -> str:
    """Value of `heart_axis` for the labels."""
    axes = [axis for label in labels for axis in PTBXL_LABELS[ORDER.index(label)].axis]
    return str(generator.choice(axes or UNLABELLED_AXES))


def snomed_codes(labels: Sequence[str], generator: np.random.Generator) -> list[str]:
    """SNOMED CT codes of the labels in the Challenge's header."""
    own = [PTBXL_LABELS[ORDER.index(label)].snomed for label in labels]
    return [codes[-1] if generator.random() < OTHER_CODE_SHARE else codes[0] for codes in own]
