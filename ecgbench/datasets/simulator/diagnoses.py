"""Which of PTB-XL's labels a simulated record has, one rhythm and up to two findings that go with it, and the codes that say them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations
from types import MappingProxyType

import numpy as np

from ecgbench.protocol import PTBXL_LABELS

RHYTHMS: Mapping[str, float] = MappingProxyType({"NSR": 0.58, "AF": 0.10, "AFL": 0.06, "SA": 0.07, "SB": 0.06, "STach": 0.07, "PR": 0.06})
"""Share of the records of each rhythm; the rare ones are more frequent than in PTB-XL, so that few records hold all of them."""

FINDINGS = ("CRBBB", "IRBBB", "LBBB", "NSIVCB", "IAVB", "LPR", "LAD", "LAnFB", "RAD", "LQRSV", "LQT", "QAb", "TAb", "TInv", "PAC")
"""Equally frequent where nothing excludes them."""

FINDINGS_SHARES = (0.30, 0.40, 0.30)
"""Probability that a record is given no, one, two findings, as far as they go with what it has."""

IMPLIED: Mapping[str, tuple[str, ...]] = MappingProxyType({"LAnFB": ("LAD",)})
"""Labels that come with another: the axis of an anterior fascicular block deviates to the left."""

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
"""Labels no two of which a record has: they contradict each other, or the one hides what tells of the other (no P wave in fibrillation and
flutter, whose waves cover T; T turned round by a left bundle branch block; paced beats are unlike any other)."""

EXCLUDED = frozenset(pair for group in ALTERNATIVES for pair in permutations(group, 2))

ORDER = tuple(label.name for label in PTBXL_LABELS)


MOST = 3
"""Labels of a record."""

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
"""SCP codes of the labels, what they stand for and the groups that they belong to, as PTB-XL's `scp_statements.csv` has them."""

LIKELIHOODS = (100.0, 80.0, 50.0, 35.0, 15.0, 0.0)
"""Per cent, of diagnostic statements; 0 is unknown, and what all others have."""

NORMAL_SHARE = 0.8
"""Probability that a record without findings is said to be normal beside its rhythm."""

OTHER_CODE_SHARE = 0.1
"""Probability that the Challenge says a label by another code than its own, where there is one."""

UNSAID_AXES = ("", "MID")
"""Values of `heart_axis` that are no label."""


def draw_labels(generator: np.random.Generator, featured: str = "") -> tuple[str, ...]:
    """One to three labels in the order of their integers, among them the featured one, if it is named."""
    drawn = [_draw_rhythm(generator, featured)]
    if featured not in (*drawn, ""):
        drawn += [featured, *IMPLIED.get(featured, ())]
    for _ in range(generator.choice(len(FINDINGS_SHARES), p=FINDINGS_SHARES)):
        possible = [finding for finding in FINDINGS if _goes_with(finding, drawn)]
        if possible:
            finding = str(generator.choice(possible))
            drawn += [finding, *IMPLIED.get(finding, ())]
    return tuple(sorted(drawn, key=ORDER.index))


def _draw_rhythm(generator: np.random.Generator, featured: str) -> str:
    if featured in RHYTHMS:
        return featured
    shares = np.array([share * ((rhythm, featured) not in EXCLUDED) for rhythm, share in RHYTHMS.items()])
    return str(generator.choice(list(RHYTHMS), p=shares / shares.sum()))


def _goes_with(finding: str, drawn: Sequence[str]) -> bool:
    together = len(drawn) + 1 + len(IMPLIED.get(finding, ()))
    return finding not in drawn and together <= MOST and not any((finding, one) in EXCLUDED for one in drawn)


def scp_codes(labels: Sequence[str], generator: np.random.Generator) -> dict[str, float]:
    """Statements of PTB-XL that say the labels, and their likelihoods; an axis is said elsewhere."""
    said = ["NORM"] if labels == ("NSR",) and generator.random() < NORMAL_SHARE else []
    for label in labels:
        codes = [code for code in PTBXL_LABELS[ORDER.index(label)].scp if code != "NORM"]
        said += [str(generator.choice(codes))] if codes else []
    return {code: float(generator.choice(LIKELIHOODS)) if "diagnostic" in STATEMENTS[code][1] else 0.0 for code in said}


def heart_axis(labels: Sequence[str], generator: np.random.Generator) -> str:
    """PTB-XL's word for the axis that the labels say."""
    words = [word for label in labels for word in PTBXL_LABELS[ORDER.index(label)].axis]
    return str(generator.choice(words or UNSAID_AXES))


def snomed_codes(labels: Sequence[str], generator: np.random.Generator) -> list[str]:
    """Codes of the Challenge that say the labels."""
    own = [PTBXL_LABELS[ORDER.index(label)].snomed for label in labels]
    return [codes[-1] if generator.random() < OTHER_CODE_SHARE else codes[0] for codes in own]
