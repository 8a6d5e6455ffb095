"""Links into the explorer that somebody made up: each shows something, says no error, and its state is a link that shows the same."""

import numpy as np
import pytest

from ecgbench.leaderboard.site.build import render_site
from ecgbench.leaderboard.site.folder import fill
from tests.chromium import chromium, needs_chromium, opened
from tests.leaderboard.site.explored import HOSTILE, shown_models

pytestmark = [pytest.mark.slow, needs_chromium]

KEYS = ("dataset", "model", "window", "maps", "values", "zoom", "from", "layout", "leads", "blind", "revealed", "__proto__", "")
VALUES = (
    "single",
    "twelve",
    "net-seed2",
    "net-seed1",
    "peak",
    "noise,flat",
    "absolute",
    "stacked",
    "0",
    "3",
    "12",
    "1e9",
    "-1",
    "NaN",
    "1,6",
)
VALUES += ("Infinity", "constructor", HOSTILE, "javascript:window.injected=1", "%", "%E0%A4%A", "99999", "", "..", "\u202e\u0000")


def made_up(rng):
    """A link's state: keys and values that may belong to each other."""
    pairs = [f"{rng.choice(KEYS)}={rng.choice(VALUES)}" for _ in range(rng.integers(0, 9))]
    return str(rng.choice(["&", "&&", "#", ";"], p=[0.85, 0.05, 0.05, 0.05])).join(pairs)


SHOWN = """async (state) => {
  location.hash = state;
  for (let turn = 0; turn < 6; turn += 1) await new Promise((done) => setTimeout(done, 25));
  const seen = () => [...document.querySelectorAll(".sheet h2")].map((title) => title.textContent).join() + location.hash;
  const first = seen();
  window.dispatchEvent(new HashChangeEvent("hashchange"));
  await new Promise((done) => setTimeout(done, 25));
  const message = document.querySelector("[data-part=message]").textContent;
  return [first, seen(), message, document.querySelectorAll("canvas").length, window.injected ?? null];
}"""


def test_every_link_shows_something(tries, tmp_path):
    fill(tmp_path, render_site({"README.md": b"# Start\n"}, tmp_path, shown=shown_models()))
    with chromium() as browser, opened(browser, (tmp_path / "explorer.html").as_uri(), viewport={"width": 700, "height": 600}) as page:
        page.wait_for_selector("canvas")
        for number in tries(600):
            state = made_up(np.random.default_rng(number))
            before, after, message, canvases, injected = page.evaluate(SHOWN, state)
            assert before == after, state
            assert (message, injected) == ("", None), state
            assert canvases > 0, state
