"""What helps a user along: help with examples, the version, suggestions, colour, JSON, completion."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import ecgbench
from ecgbench import cli
from ecgbench.cli._verbs import VERBS
from ecgbench.cli.terminal import colour
from ecgbench.methods import METHODS


def test_version_is_said(ecg):
    assert ecg("--version") == f"ecgbench {ecgbench.__version__}\n"


def test_module_is_the_command():
    environment = {"PYTHONPATH": str(Path(cli.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-m", "ecgbench", "--version"], capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stdout) == (0, f"ecgbench {ecgbench.__version__}\n")


def test_every_example_of_every_help_can_be_parsed():
    parser, verbs = cli.whole_parser()
    assert all(verb.examples for verb in verbs)
    for line in [example for one in (parser, *verbs) for example in one.examples]:
        name, *arguments = _words(line)
        assert name == "ecgbench"
        assert parser.parse_args(arguments).verb == arguments[0]


def _words(line):
    import shlex

    return shlex.split(line)


def test_help_of_a_verb_ends_with_its_examples(ecg):
    for verb in VERBS:
        assert ecg(verb.name, "--help").rstrip().endswith(f"  ecgbench {verb.examples[-1]}")


@pytest.mark.parametrize(
    ("environment", "terminal", "coloured"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
    ],
)
def test_colour_is_for_terminals_that_nobody_has_asked_to_be_plain(monkeypatch, environment, terminal, coloured):
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    class Stream:
        def isatty(self):
            return terminal

    assert colour.is_coloured(Stream()) == coloured


def test_colours_stand_around_what_is_said_and_change_none_of_it(ecg, monkeypatch):
    plain = ecg("--help"), ecg("methods"), ecg("train", "mitbd", code=2)
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = ecg("--help"), ecg("methods"), ecg("train", "mitbd", code=2)
    assert coloured[0].startswith("\x1b[1musage:\x1b[0m ecgbench")
    assert coloured[1].startswith("\x1b[1mkey ")
    assert coloured[2].startswith("\x1b[1;31mecgbench train:\x1b[0m expected a key")
    for painted, text in zip(coloured, plain, strict=True):
        assert painted.replace("\x1b[1m", "").replace("\x1b[1;31m", "").replace("\x1b[0m", "") == text


def test_table_of_a_terminal_fits_into_it(ecg, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("NO_COLOR", "1")
    assert max(map(len, ecg("methods").splitlines())) <= 120


def test_entry_is_shown_with_options_defaults_cost_and_source(ecg):
    said = ecg("methods", "lime")
    for text in (
        "options",
        "patch=24 samples=500 alpha=relative baseline=zero",
        "200",
        METHODS["lime"].reference,
        "width of a patch, in samples",
    ):
        assert text in said
    assert "parameters      77648" in ecg("models", "resnet18_7_narrow")


def test_tables_are_json_where_they_are_asked_for(ecg):
    for axis in ("datasets", "models", "recipes", "methods", "controls", "metrics"):
        rows = json.loads(ecg(axis, "--json"))
        assert {"key" in row or "dataset" in row for row in rows} == {True}
    (lime,) = [row for row in json.loads(ecg("methods", "--json")) if row["key"] == "lime"]
    assert lime["options"] == METHODS["lime"].options
    assert json.loads(ecg("methods", "lime", "--json"))["passes"] == lime["passes"] == 200


NETWORK = """
from torch import nn
def build():
    return nn.Sequential(nn.Conv1d(2, 3, 5), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(3, 2))
"""


def test_methods_that_apply_to_a_network_are_told_with_why_others_do_not(ecg, refused, tmp_path):
    import numpy as np

    (tmp_path / "own_network.py").write_text(NETWORK)
    np.savez(tmp_path / "windows.npz", x=np.random.default_rng(0).standard_normal((3, 2, 120)).astype(np.float32), fs=100)
    rows = {row["method"]: row for row in json.loads(ecg("methods", "--model", "own_network:build", "--data", "windows.npz", "--json"))}
    assert set(rows) == set(METHODS.keys())
    assert rows["gradcam"]["applies"]
    assert "normal_windows" in rows["expected_gradients"]["reason"]
    assert "expected a file of arrays" in refused("methods", "--model", "own_network:build", "--data", "absent.npz")


def test_completion_knows_verbs_options_and_keys(ecg):
    script = ecg("completion", "bash")
    for text in ("leaderboard", "--check-only", "guided_gradcam", "synthetic12", "_shtab_compgen_files"):
        assert text in script
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False, capture_output=True).returncode == 0
