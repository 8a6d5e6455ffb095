"""LUDB: PTB-XL's 22 labels and five of its own, read from the headers' statements."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ecgbench.protocol._dataset import Recipe
from ecgbench.protocol._ptbxl import PTBXL, PTBXL_100HZ


@dataclass(frozen=True)
class LudbLabel:
    """A label, and the statements in LUDB's headers that say it.

    Attributes
    ----------
    name : PTB-XL's where the statement means the same
    statements : as the headers have them, without the full stop behind them; none where LUDB never says what the label means
    """

    name: str
    statements: tuple[str, ...] = ()


LUDB_LABELS = (
    LudbLabel("AF", ("Rhythm: Atrial fibrillation",)),
    LudbLabel("AFL", ("Rhythm: Atrial flutter, typical",)),
    LudbLabel("CRBBB", ("Complete right bundle branch block",)),
    LudbLabel("IAVB", ("I degree AV block",)),
    LudbLabel("IRBBB", ("Incomplete right bundle branch block",)),
    LudbLabel("LAD", ("Electric axis of the heart: left axis deviation",)),
    LudbLabel("LAnFB", ("Left anterior hemiblock",)),
    LudbLabel("LBBB", ("Complete left bundle branch block",)),
    LudbLabel("LQRSV"),
    LudbLabel("NSIVCB", ("Non-specific intravintricular conduction delay",)),
    LudbLabel("NSR", ("Rhythm: Sinus rhythm",)),
    LudbLabel(
        "PAC",
        (
            "Atrial extrasystole: undefined",
            "Atrial extrasystole: low atrial",
            "Atrial extrasystole: left atrial",
            "Atrial extrasystole: SA-nodal extrasystole",
            "Atrial extrasystole, type: single PAC",
            "Atrial extrasystole, type: bigemini",
            "Atrial extrasystole, type: quadrigemini",
            "Atrial extrasystole, type: allorhythmic pattern",
        ),
    ),
    LudbLabel(
        "PR", ("UNIpolar atrial pacing", "UNIpolar ventricular pacing", "BIpolar ventricular pacing", "Biventricular pacing", "P-synchrony")
    ),
    LudbLabel("LPR"),
    LudbLabel("LQT"),
    LudbLabel("QAb"),
    LudbLabel("RAD", ("Electric axis of the heart: right axis deviation",)),
    LudbLabel("SA", ("Rhythm: Sinus arrhythmia",)),
    LudbLabel("SB", ("Rhythm: Sinus bradycardia",)),
    LudbLabel("STach", ("Rhythm: Sinus tachycardia",)),
    LudbLabel("TAb"),
    LudbLabel("TInv"),
    LudbLabel("LVH", ("Left ventricular hypertrophy",)),
    LudbLabel("RVH", ("Right ventricular hypertrophy",)),
    LudbLabel("LAE", ("Left atrial hypertrophy", "Left atrial overload")),
    LudbLabel("RAE", ("Right atrial hypertrophy", "Right atrial overload")),
    LudbLabel("ILBBB", ("Incomplete left bundle branch block",)),
)
"""PTB-XL's labels first, in their order and complete, so that an output of its models is the label of the same integer here. "Hypertrophy"
and "overload" of an atrium are one atrial abnormality (doi:10.1161/CIRCULATIONAHA.108.191097). None is said by "Irregular sinus rhythm",
which LUDB tells from sinus arrhythmia, by ischaemia, scars and repolarisation, which it states by wall and not by lead, or by ventricular
beats and block of the third degree, for which the labels of PTB-XL used here have no name."""

LUDB_RECORDS = 200
"""Records of the complete database, named by the numbers from 1 on, each of a patient of their own."""

LUDB_FOLDS = 5
"""Record `n` is in fold 1 + (n - 1) mod 5: blind to the labels, and the same whichever records are there."""

LUDB_EXPLAINED = ("AF", "LAnFB", "PR", "SB")
"""Labels of at least ten tested records that each shipped model tells from the others with an AUC of at least 0.9."""

_CLASSES = tuple(label.name for label in LUDB_LABELS)

LUDB = replace(
    PTBXL,
    slug="ludb",
    version="1.0.1",
    classes=_CLASSES,
    not_explained=tuple(name for name in _CLASSES if name not in LUDB_EXPLAINED),
    recipe=Recipe("resnet18_7_narrow_leads", learning_rate=1e-2, epochs=24),
    threshold=0.5,
    patch=125,
    perturbations=2000,
    seeds=(1, 2, 3),
    samples=64,
    window_batch=21,
    mask_kinds=("spans",),
)
"""Rate and window are PTB-XL's, so that models of its labels take LUDB's windows; the rest is as of `SYNTHETIC12`."""

LUDB_100HZ = replace(LUDB, fs=PTBXL_100HZ.fs, window=PTBXL_100HZ.window, patch=25)
"""The same records, resampled to the lower of PTB-XL's two rates, for which models are shipped."""
