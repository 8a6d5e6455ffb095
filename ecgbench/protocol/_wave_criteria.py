"""Which wave on which leads carries a diagnosis, as the recommendations' diagnostic criteria name them.

- Part III, intraventricular conduction and the frontal axis: Surawicz et al. 2009, doi:10.1161/CIRCULATIONAHA.108.191095
- Part V, hypertrophy and atrial abnormality: Hancock et al. 2009, doi:10.1161/CIRCULATIONAHA.108.191097
- AV block: Kusumoto et al. 2019, doi:10.1161/CIR.0000000000000628
- Atrial fibrillation and flutter: Fuster et al. 2006, doi:10.1161/CIRCULATIONAHA.106.177292

Diagnoses without a criterion here have no mask: sinus rhythms are told by their rate, which no one wave carries; of premature beats LUDB
does not mark which they are, and no spike of a pacemaker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

P, QRS = "P", "QRS"
PR, TQ = "PR", "TQ"
WAVE_PARTS = (P, QRS, PR, TQ)
"""What can carry a diagnosis: a wave, the stretch from a P wave's onset to the onset of the QRS complex that follows it, or the baseline
from a T wave's offset to the onset of the QRS complex that follows it without a P wave between them."""

LIMB = ("I", "II", "III", "aVR", "aVL", "aVF")
ALL_LEADS = (*LIMB, "V1", "V2", "V3", "V4", "V5", "V6")


@dataclass(frozen=True)
class WaveCriterion:
    """The part of the beats that carries a diagnosis.

    Attributes
    ----------
    part : one of `WAVE_PARTS`
    leads : on which
    source : what says so
    """

    part: str
    leads: tuple[str, ...]
    source: str


_RIGHT_BUNDLE = ("I", "V1", "V2", "V6")

WAVE_CRITERIA: Mapping[str, WaveCriterion] = MappingProxyType(
    {
        "AF": WaveCriterion(TQ, ALL_LEADS, "Fuster 2006: no consistent P wave, but rapid waves of varying shape between the complexes"),
        "AFL": WaveCriterion(TQ, ("II", "III", "aVF", "V1"), "Fuster 2006: a saw-tooth, particularly on II, III, aVF and V1"),
        "CRBBB": WaveCriterion(QRS, _RIGHT_BUNDLE, "Surawicz 2009: rsr', rsR' or rSR' on V1 or V2, broad S on I and V6"),
        "IRBBB": WaveCriterion(QRS, _RIGHT_BUNDLE, "Surawicz 2009: as complete right bundle branch block, of 110 to 120 ms"),
        "LBBB": WaveCriterion(
            QRS,
            ("I", "aVL", "V1", "V2", "V3", "V5", "V6"),
            "Surawicz 2009: broad notched R on I, aVL, V5 and V6, no Q on I, V5 and V6, late R peak on V5 and V6 and not on V1 to V3",
        ),
        "ILBBB": WaveCriterion(QRS, ("I", "V4", "V5", "V6"), "Surawicz 2009: late R peak on V4, V5 and V6, no Q on I, V5 and V6"),
        "NSIVCB": WaveCriterion(QRS, ALL_LEADS, "Surawicz 2009: QRS of more than 110 ms without the form of a bundle branch block"),
        "LAnFB": WaveCriterion(QRS, LIMB, "Surawicz 2009: frontal axis of -45 to -90 degrees, qR and late R peak on aVL"),
        "LAD": WaveCriterion(QRS, LIMB, "Surawicz 2009: frontal axis of QRS beyond -30 degrees"),
        "RAD": WaveCriterion(QRS, LIMB, "Surawicz 2009: frontal axis of QRS beyond 90 degrees"),
        "IAVB": WaveCriterion(PR, ALL_LEADS, "Kusumoto 2019: PR interval of more than 200 ms"),
        "LVH": WaveCriterion(
            QRS,
            ("aVL", "V1", "V2", "V3", "V5", "V6"),
            "Hancock 2009, among the listed criteria those of Sokolow and Lyon (S on V1 or V2, R on V5 or V6, R on aVL) and Cornell (R on "
            "aVL, S on V3)",
        ),
        "RVH": WaveCriterion(QRS, ("aVR", "V1", "V5", "V6"), "Hancock 2009: tall R on V1 and aVR, deep S on V5 and V6"),
        "LAE": WaveCriterion(P, ("II", "V1"), "Hancock 2009: P long and notched on II, its end negative on V1"),
        "RAE": WaveCriterion(P, ("II", "V1", "V2"), "Hancock 2009: P tall on II, its begin prominent on V1 or V2"),
    }
)
"""By the name of the label."""
