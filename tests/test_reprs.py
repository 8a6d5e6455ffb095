"""What an interpreter or a notebook shows of an object, and what `help` says of an entry."""

import pydoc
from dataclasses import replace

import numpy as np
import pytest

import ecgbench
from ecgbench.metrics import FAMILIES, METRICS
from ecgbench.models import MODELS, RECIPES
from ecgbench.types import Dataset

LONGEST = 300
"""Characters of what stands on a line of an interpreter or a log."""


@pytest.fixture
def dataset():
    x = np.random.default_rng(0).standard_normal((40, 2, 100)).astype(np.float32)
    windows = ecgbench.windows(x, np.arange(40) % 2, patient=[f"p{i % 5}" for i in range(40)], spans=[np.array([[1, 9, 1]])] * 40)
    return Dataset("mine", windows, windows, ("N", "<b>VEB"), 250.0, ("I", "II"), "aami", "standard", "", "0" * 64, ("A <note>.",))


def test_dataset_and_windows_are_a_line(dataset):
    assert repr(dataset) == ("<Dataset mine: 40 training and 40 test windows of 2 leads (I, II), 100 samples at 250 Hz; classes N, <b>VEB>")
    assert repr(dataset.test) == "<Windows: 40 windows of 2 leads and 100 samples, of 5 patients; with spans>"
    many = replace(dataset, classes=tuple(f"class {i}" for i in range(200)))
    assert len(repr(many)) < LONGEST
    assert "and 188 more" in repr(many)


def test_notebook_gets_the_windows_of_each_class_and_no_markup_of_a_name(dataset):
    shown = dataset._repr_html_()
    assert "<tr><td>&lt;b&gt;VEB</td><td>20</td><td>20</td></tr>" in shown
    assert "A &lt;note&gt;." in shown


def test_entries_are_a_line_and_help_says_their_options():
    entries = [entry for axis in ("datasets", "methods", "controls") for entry in getattr(ecgbench, axis)().values()]
    entries += [entry for registry in (METRICS, MODELS, RECIPES) for entry in registry]
    for entry in entries:
        assert len(repr(entry)) < LONGEST
        assert repr(entry).startswith(f"<{type(entry).__name__} {entry.key}")
    assert len(repr(FAMILIES["localisation"])) < 2 * LONGEST
    said = pydoc.render_doc(ecgbench.methods()["lime"], renderer=pydoc.plaintext)
    assert "lime(patch=24, samples=500, alpha='relative', baseline='zero')" in said
    assert "width of a patch, in samples of the signal" in said
    assert ecgbench.methods()["lime"].options == {"patch": 24, "samples": 500, "alpha": "relative", "baseline": "zero"}
