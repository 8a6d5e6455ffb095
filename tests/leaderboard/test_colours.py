"""Colours: one pair for and against a class everywhere, legible on light and dark pages, and told apart without telling red from green."""

from pathlib import Path

import ecgbench
from ecgbench.leaderboard.figures import style
from ecgbench.leaderboard.figures.paper.ruling import map_colours
from ecgbench.leaderboard.site.build import render_site


def test_what_speaks_for_the_class_is_warm_and_what_speaks_against_it_cool():
    red, _, blue, _ = map_colours()(1.0)
    assert red > blue
    red, _, blue, _ = map_colours()(0.0)
    assert blue > red


def test_the_two_colours_stand_once_in_the_code_and_reach_the_site(tmp_path):
    css = render_site({}, tmp_path)["style.css"].decode()
    assert f"--for: {style.FOR};" in css
    assert f"--against: {style.AGAINST};" in css
    root = Path(ecgbench.__file__).parent
    holding = [path for path in root.rglob("*") if path.suffix in (".py", ".css", ".js", ".j2", ".html") and style.FOR in path.read_text()]
    assert holding == [root / "leaderboard" / "figures" / "style.py"]
