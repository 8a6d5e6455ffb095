"""Icentia11k: the patients and segments that stand for a database of 1.1 TB."""

from __future__ import annotations

from ecgbench.protocol._beats import BeatRule
from ecgbench.protocol._dataset import DatasetProtocol, Recipe

ICENTIA11K_SEED = 11000
"""Seed of the draw of patients, half of them for training, and of two of each one's first ten segments, blindly from all 11,000; and of the
draw of windows from them."""

_TRAIN = """
    00151:06 00266:25 00410:68 00421:23 00627:34 00772:29 00887:79 00919:58 01113:47 01127:06 01166:34 01261:04 01282:28
    01460:09 01582:79 01639:68 01699:36 01795:18 02032:28 02047:69 02057:23 02062:19 02082:23 02136:24 02139:35 02224:69
    02308:05 02384:39 02642:05 02672:13 02755:67 02921:78 02998:68 03083:25 03140:09 03177:89 03331:14 03350:28 03435:03
    03448:26 03490:47 03548:78 03577:49 03736:38 03744:26 03840:13 03864:56 04068:26 04099:34 04141:13 04303:01 04304:67
    04538:23 04672:04 04691:09 04855:07 05193:16 05349:03 05377:23 05485:14 05518:36 05602:06 05753:34 06137:17 06162:69
    06229:18 06233:29 06274:58 06640:48 06696:08 06869:02 07089:13 07211:34 07292:79 07441:23 07842:34 08064:45 08233:26
    08563:59 08639:24 08889:02 09114:08 09331:45 09369:27 09481:14 09644:57 09785:29 10056:56 10106:04 10113:59 10192:09
    10399:89 10406:34 10454:14 10461:01 10577:17 10687:09 10849:59 10923:04 10940:29
"""

_TEST = """
    00119:19 00196:69 00412:09 00419:28 00536:48 00644:89 00674:04 01068:01 01079:37 01151:29 01183:07 01219:89 01475:29
    01478:48 01588:39 01761:29 01947:02 02049:27 02090:35 02552:06 02579:02 02842:27 03039:39 03302:17 03518:46 03902:37
    04023:14 04024:68 04167:47 04459:26 04859:48 04906:69 05027:08 05048:49 05065:36 05093:06 05242:69 05339:59 05365:45
    05607:47 05610:38 05637:05 05677:56 05788:39 05789:45 05858:14 05904:78 05919:59 06013:57 06035:07 06133:13 06158:06
    06170:27 06278:35 06297:06 06474:14 06533:59 06667:46 07057:07 07091:59 07108:28 07290:23 07430:45 07465:24 07466:38
    07588:16 07624:36 07681:16 07688:35 07789:45 07903:79 08015:39 08123:17 08172:27 08209:45 08251:59 08434:36 08468:39
    08496:12 08673:39 08738:46 08928:59 08990:58 08999:18 09041:79 09183:15 09338:46 09395:38 09491:28 09507:23 09615:29
    09637:67 09892:12 10062:79 10097:78 10172:36 10224:02 10234:48 10663:09 10952:48
"""


def _segments(listed: str) -> tuple[str, ...]:
    """Names of segments that are listed as patient:segments, a digit each."""
    pairs = (word.split(":") for word in listed.split())
    return tuple(f"p{patient}_s{segment:0>2}" for patient, segments in pairs for segment in segments)


ICENTIA11K = DatasetProtocol(
    slug="icentia11k-continuous-ecg",
    version="1.0",
    lead=0,
    fs=250,
    window=2049,
    classes=("N", "PAC", "PVC"),
    recipe=Recipe("resnet18_7", learning_rate=1e-3),
    threshold=0.9,
    patch=16,
    perturbations=500,
    baselines=250,
    seeds=(1, 2, 3, 4, 5),
    twins=True,
    train=_segments(_TRAIN),
    test=_segments(_TEST),
)
"""Two segments of 70 minutes of each of 200 patients; the study's own windows are private."""

ICENTIA11K_WINDOWS = 6000
"""Windows of either side, the same number of each class as far as there are."""

ICENTIA11K_RULE = BeatRule({"N": 0, "S": 1, "V": 2, "Q": 4}, None, False, True)
"""Normal, premature or ectopic supraventricular, premature ventricular, undefined; rhythm marks are no beats."""
