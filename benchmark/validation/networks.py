"""What every method says of networks from the literature: `python benchmark/validation/networks.py` writes docs/networks.md.

It takes a minute a seed. The networks and what is known of their maps stand in tests/networks. The tests draw weights once; `--seeds` draws
them more often, and the worst of all drawings is told. Ends with 1 if a map is silently wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from ecgbench.artifacts import write_atomically  # noqa: E402
from ecgbench.leaderboard.pages.tables import table  # noqa: E402
from tests.networks.table import NETWORKS, all_networks, built, windows  # noqa: E402
from tests.networks.test_methods import ASKING  # noqa: E402
from tests.networks.verdicts import APPLIES, REFUSED, WARNS, Verdict, verdict  # noqa: E402

PAGE = ROOT / "docs" / "networks.md"
SIGNS = {APPLIES: "yes", WARNS: "warns", REFUSED: "no"}
WORST = (REFUSED, WARNS, APPLIES)
Verdicts = dict[tuple[str, str], Verdict]

HEAD = """# Networks and methods

Made by `python benchmark/validation/networks.py`, nothing here is written by hand. {networks} networks of 12 leads x 240 samples, as
their papers have them but narrow, with weights drawn from {seeds} seed(s); `tests/networks` builds them. "yes": the method applies;
"warns": it applies and says what its maps lack; "no": it refuses the network. Percentages are the largest error of a map's sum as a
share of the total, where the method promises a sum; "yes" may stand beside a large one where the total is near 0, since an error below a
thousandth of the map's absolute values is no fault.

What is known of maps is checked: gradients, SmoothGrad, VarGrad, integrated gradients and occlusion against a second implementation, guided
backpropagation against hooks on autograd's graph, sums, LRP against input times gradient on networks without biases, and that neither a
map nor a refusal depends on the windows beside a window. **Silently wrong: {wrong}.**
"""


def verdicts(names: list[str], seeds: int) -> Verdicts:
    """By network and method, the worst verdict of all drawings."""
    found: Verdicts = {}
    for name in names:
        for seed in range(seeds):
            model = built(name, seed)
            for key in ASKING:
                one = verdict(model, windows(), key)
                found[name, key] = worse(found.get((name, key), one), one)
        print(name, Counter(found[name, key].says for key in ASKING))
    return found


def worse(one: Verdict, other: Verdict) -> Verdict:
    """The verdict that says less for a method; what is wrong with either."""
    worst = min(one, other, key=lambda verdict: (WORST.index(verdict.says), -verdict.error))
    return Verdict(worst.says, worst.reason, max(one.error, other.error), tuple(dict.fromkeys((*one.wrong, *other.wrong))))


def page(found: Verdicts, names: list[str], seeds: int) -> str:
    """The whole page."""
    wrong = sorted(f"{key} on {name} ({', '.join(one.wrong)})" for (name, key), one in found.items() if one.wrong)
    parts = [HEAD.format(networks=len(names), seeds=seeds, wrong="; ".join(wrong) or "none"), "## By method\n", by_method(found)]
    rows = [[name, *(cell(found[name, key]) for key in ASKING)] for name in names]
    parts += ["\n## By network\n", table(["network", *ASKING], rows), "\n## References\n"]
    parts += [table(["network", "reference"], [[name, NETWORKS[name].reference] for name in names], 2), "\n## Why methods refuse\n"]
    reasons = [[name, key, one.reason] for (name, key), one in found.items() if one.says == REFUSED]
    return "\n".join([*parts, table(["network", "method", "reason"], reasons, 3), ""])


def by_method(found: Verdicts) -> str:
    """How many networks each method applies to."""
    rows = []
    for key in ASKING:
        counts = Counter(one.says for (_, method), one in found.items() if method == key)
        rows.append([key, *(str(counts[says]) for says in (APPLIES, WARNS, REFUSED))])
    return table(["method", "applies", "warns", "refuses"], rows)


def cell(one: Verdict) -> str:
    """A cell of the table."""
    known = one.says != REFUSED and one.error == one.error
    return SIGNS[one.says] + (f" {one.error:.1%}" if known and one.error >= 5e-4 else "") + (" WRONG" if one.wrong else "")


def main() -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", default="", help="only those whose name has this part; the page is printed then")
    parser.add_argument("--seeds", type=int, default=1, help="drawings of the weights")
    given = parser.parse_args()
    names = [name for name in all_networks() if given.networks in name]
    found = verdicts(names, given.seeds)
    text = page(found, names, given.seeds)
    if given.networks:
        print(text)
    else:
        write_atomically(PAGE, text.encode())
    return int(any(one.wrong for one in found.values()))


if __name__ == "__main__":
    sys.exit(main())
