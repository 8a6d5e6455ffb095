"""The page of claims says what the accepted results say."""

import importlib
import shutil
from pathlib import Path

import pytest

from ecgbench.leaderboard.statistics.models import OrderAgreement

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def claims():
    """The script, imported as if it were run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmark" / "validation")
        yield importlib.import_module("claims")


@pytest.mark.parametrize(
    ("low", "high", "said"), [(0.61, 0.9, "yes"), (0.3, 0.59, "no"), (0.5, 0.7, "not told"), (float("nan"),) * 2 + ("not told",)]
)
def test_a_claim_holds_where_the_whole_interval_says_so(claims, low, high, said):
    assert claims._tau(OrderAgreement(0.6, low, high, 9))[2] == said


@pytest.fixture
def page(claims, tmp_path):
    """A page with other tables than there should be, and results that tell of no claim, since they are of a part of a database."""
    shutil.copytree(ROOT / "leaderboards" / "scores" / "ptbxl@100hz", tmp_path / "scores" / "ptbxl@100hz")
    path = tmp_path / "paper.md"
    path.write_text("".join(f"<!-- {name}:begin -->\nold\n<!-- {name}:end -->\n" for name in claims.CLAIMS))
    return path


def run(claims, page, monkeypatch, *more):
    monkeypatch.setattr("sys.argv", ["claims.py", "--scores", str(page.parent / "scores"), "--out", str(page), *more])
    claims.main()


def test_a_page_that_says_otherwise_is_told_and_renewed(claims, page, monkeypatch):
    with pytest.raises(SystemExit, match=r"expected docs/paper\.md as the accepted results have it, got another"):
        run(claims, page, monkeypatch, "--check")
    run(claims, page, monkeypatch)
    assert "old" not in page.read_text()
    assert page.read_text().count(claims.NONE_YET) == len(claims.CLAIMS)
    with pytest.raises(SystemExit) as done:
        run(claims, page, monkeypatch, "--check")
    assert done.value.code == 0
