"""A report's explorer in a browser: it runs under the page's own policy, and nothing else does."""

import pytest

import ecgbench
from tests.chromium import chromium, needs_chromium, opened
from tests.report.conftest import small_case

pytestmark = [pytest.mark.slow, needs_chromium]

HOSTILE = '<img src=x onerror="injected=1"></script><script>injected=1'


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    case = small_case(folder / "store")
    named = {"classes": ["usual", HOSTILE], "leads": [HOSTILE, "II"], "patient": [f"{HOSTILE}{i}" for i in range(12)]}
    made = ecgbench.evaluate(case.model, case.x, **{**case.more, "methods": ["saliency"], "metrics": ["auc"], **named})
    made.save(folder / "report.html")
    return made, folder / "report.html"


def test_the_explorer_runs_and_no_name_does(report):
    made, path = report
    with chromium() as browser, opened(browser, path.as_uri(), viewport={"width": 400, "height": 800}) as page:
        page.wait_for_selector("canvas")
        assert page.locator(".sheet h2").all_inner_texts()[:2] == ["ECG", "saliency"]
        assert HOSTILE in page.locator("[data-part=title]").inner_text()
        assert HOSTILE in page.locator("[data-part=leads]").inner_text()
        assert page.locator("[data-part=window] option").count() == len(made.shown.cases)
        page.keyboard.press("ArrowRight")
        page.wait_for_function("location.hash.includes('window=2')")
        assert page.evaluate("window.injected") is None
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
        assert page.locator("[data-part=speed]").inner_text() == "25 mm/s, 5 mm/SD"
        page.reload()
        page.wait_for_selector("canvas")
        assert page.locator("[data-part=window]").input_value() == "1"
