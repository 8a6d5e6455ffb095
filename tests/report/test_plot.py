"""`ecgbench.plot` draws to scale, every lead once where it stands on paper, and refuses what does not fit."""

import numpy as np
import pytest

import ecgbench
from ecgbench.errors import InputError
from ecgbench.leaderboard.figures.canvas import render_figure
from ecgbench.leaderboard.figures.paper.layout import STANDARD, rows_of

FS = 100


def signal(leads: int = 1, seconds: float = 4) -> np.ndarray:
    time = np.arange(round(seconds * FS)) / FS
    return np.stack([np.sin(2 * np.pi * (1 + lead) * time) * 0.8 + lead for lead in range(leads)])


def axes_of(figure):
    return [axes for axes in figure.axes if len(axes.collections) > 3]


def millimetres(figure, axes) -> tuple[float, float]:
    """Of a second and of a unit."""
    box, size = axes.get_position(), figure.get_size_inches() * 25.4
    low, high = axes.get_ylim()
    start, end = axes.get_xlim()
    return box.width * size[0] / (end - start), box.height * size[1] / (high - low)


@pytest.mark.parametrize(("leads", "unit", "gain"), [(1, "mV", 10), (12, "mV", 10), (2, "standard deviations", 5)])
def test_a_second_and_a_unit_have_the_millimetres_of_ecg_paper(leads: int, unit: str, gain: float):
    names = STANDARD if leads == 12 else None
    figure = ecgbench.plot(signal(leads), fs=FS, leads=names, unit=unit)
    assert axes_of(figure)
    for axes in axes_of(figure):
        assert millimetres(figure, axes) == pytest.approx((25, gain))


def test_a_sheet_of_twelve_leads_holds_every_lead_once_in_its_quarter_and_lead_two_whole():
    names = [*STANDARD[::-1]]
    rows = rows_of(signal(12), names)
    segments = [segment for row in rows[:3] for segment in row.segments]
    assert [[segment.name for segment in row.segments] for row in rows[:3]] == [
        ["I", "aVR", "V1", "V4"],
        ["II", "aVL", "V2", "V5"],
        ["III", "aVF", "V3", "V6"],
    ]
    assert all(names[segment.lead] == segment.name for segment in segments)
    assert [(segment.start, segment.stop) for segment in rows[0].segments] == [(0, 100), (100, 200), (200, 300), (300, 400)]
    assert [(segment.name, segment.start, segment.stop) for segment in rows[3].segments] == [("II", 0, 400)]


def test_standardised_windows_get_no_calibration_in_millivolts():
    x = signal()
    texts = [" ".join(text.get_text() for text in ecgbench.plot(shown, fs=FS).texts) for shown in (x, (x - x.mean()) / x.std())]
    assert "mV" in texts[0]
    assert "mV" not in texts[1]
    assert "standard deviation" in texts[1]


def test_maps_have_one_symmetric_scale_for_all_their_leads():
    maps = np.stack([np.full(400, 1.0), np.full(400, -0.5)])
    figure = ecgbench.plot(signal(2), {"a map": maps, "twice": 2 * maps}, fs=FS, spans=[[10, 20]])
    shown = [axes.images[0] for axes in axes_of(figure)]
    assert [float(image.get_array()[0, 0]) for image in shown] == [1, -0.5, 1, -0.5]
    assert {image.get_clim() for image in shown} == {(-1, 1)}


@pytest.mark.parametrize(
    "wrong",
    [
        {"maps": np.zeros((1, 3))},
        {"maps": {}},
        {"fs": 0},
        {"leads": ["a", "b"]},
        {"spans": [[1.5, 2.0]]},
        {"unit": "V"},
        {"maps": np.full((1, 400), np.nan)},
    ],
)
def test_what_does_not_fit_is_refused(wrong):
    with pytest.raises(InputError, match="expected"):
        ecgbench.plot(signal(), **{"fs": FS, **wrong})


def test_a_window_alone_is_taken_and_a_stack_of_them_is_not():
    assert len(axes_of(ecgbench.plot(signal()[0], fs=FS))) == 1
    with pytest.raises(InputError, match="one window"):
        ecgbench.plot(signal()[None], fs=FS)


def test_names_with_signs_of_formulas_are_written_as_they_are():
    named = {"$\\frac$ of $": signal()}
    figure = ecgbench.plot(signal(), named, fs=FS, leads=["$_$"], title="$x$ {")
    content = render_figure(figure, ".png")
    assert content
    written = [text.get_text() for text in figure.texts] + [text.get_text() for axes in figure.axes for text in axes.texts]
    assert {"$\\frac$ of $", "$_$", "$x$ {"} <= set(written)
