"""`ecgbench.evaluate` gives the numbers that `explain` and `score` give, takes what fails as a row, and goes on where it was cut off."""

import numpy as np
import pytest
import torch

import ecgbench
from ecgbench.errors import InputError, UnknownKeyError
from ecgbench.pipeline.compute.sources.map_sources import MethodSource


def report_of(case, **changed):
    return ecgbench.evaluate(case.model, case.x, **{**case.more, **changed})


def test_numbers_are_those_of_explain_and_score(case):
    table = report_of(case).table()
    maps = ecgbench.explain(case.model, case.x, 1, method="input_gradient")
    for name, shown in (("input_gradient", maps), ("input_gradient_abs", abs(maps))):
        assert table.loc[name, "auc"] == pytest.approx(ecgbench.score("auc", shown, mask=case.more["masks"]).mean())
    assert table.loc["r_peaks", "kind"] == "control"
    assert table.loc["beat_mask", "kind"] == "bound"
    assert table.loc["beat_mask", "auc"] == 1
    assert table["auc low"].le(table["auc"]).all()


def test_a_method_that_finds_what_the_network_looks_for_is_recommended_and_a_blind_one_is_not(case):
    report = report_of(case, methods=["input_gradient", "random_baseline"])
    assert "trust input_gradient" in report.verdict
    assert "random_baseline" not in report.verdict
    assert "not shown to be better than the controls" not in report.table().loc["input_gradient", "notes"]
    nothing = report_of(case, methods=["random_baseline"])
    assert nothing.verdict.startswith("No method is recommended")


def test_what_a_method_refuses_is_a_row_and_the_others_go_on(case, monkeypatch):
    explain = MethodSource.explain

    def faulty(self, *given):
        if self.key == "saliency":
            raise ZeroDivisionError("a fault of its own")
        return explain(self, *given)

    monkeypatch.setattr(MethodSource, "explain", faulty)
    report = report_of(case, methods=["input_gradient", "saliency", "expected_gradients"])
    assert report.refused["saliency"] == "ZeroDivisionError: a fault of its own"
    assert "normal_windows" in report.refused["expected_gradients"]
    assert "input_gradient" in report.table().index


def test_a_second_call_computes_only_what_is_missing(case, monkeypatch):
    report_of(case, methods=["input_gradient"])
    asked = []
    explain = MethodSource.explain
    monkeypatch.setattr(MethodSource, "explain", lambda self, *given: asked.append(self.key) or explain(self, *given))
    report_of(case)
    assert set(asked) == {"saliency"}
    asked.clear()
    with torch.no_grad():
        case.model.head.bias += 0.5
    report_of(case)
    assert set(asked) == {"input_gradient", "saliency"}


def test_the_network_is_left_as_it_was(case):
    case.model.train()
    before = {name: tensor.clone() for name, tensor in case.model.state_dict().items()}
    report_of(case)
    assert case.model.training
    assert all(parameter.requires_grad and parameter.grad is None for parameter in case.model.parameters())
    assert all(torch.equal(before[name], tensor) for name, tensor in case.model.state_dict().items())


def test_windows_of_which_the_network_predicts_another_class_are_left_out_and_counted(case):
    y = case.more["y"].copy()
    y[:3] = 0
    report = report_of(case, y=y)
    assert report.notes[0] == "9 explanations of 12 windows, whose class the model predicts."
    assert "12 explanations" in report_of(case, y=None).notes[0]
    with pytest.raises(InputError, match="a class that the model predicts"):
        report_of(case, y=np.zeros(12, dtype=int))


def test_without_masks_and_twins_nothing_is_ordered_and_it_is_said(case, tmp_path):
    report = report_of(case, masks=None, patient=None, metrics=["region_perturbation_morf"])
    report.save(tmp_path / "report.html")
    assert "input_gradient" in report.pictures[0].maps
    assert report.verdict.startswith("Nothing here orders the methods")
    assert "region_perturbation_morf" in report.table()
    assert len([note for note in report.notes if note.startswith("No ")]) == 2


def test_one_logit_and_several_labels_are_explained_where_they_are_predicted(case):
    one = torch.nn.Sequential(case.model, torch.nn.Linear(2, 1))
    with torch.no_grad():
        one[1].weight.copy_(torch.tensor([[0.0, 1.0]]))
        one[1].bias.zero_()
    case.model = one
    y = np.array([1] * 10 + [0] * 2)
    assert "10 explanations of 12 windows" in report_of(case, y=y).notes[0]
    assert "12 explanations of 12 windows" in report_of(case, y=None).notes[0]


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"fs": None}, "fs"),
        ({"masks": np.zeros((12, 1, 160), dtype=bool)}, "masks"),
        ({"y": np.full(12, 7)}, "0..1"),
        ({"patient": ["a"]}, "patient"),
        ({"classes": ["one"]}, "2 different classes"),
        ({"leads": ["a", "a"]}, "2 different leads"),
        ({"metrics": ["twin_morf"]}, "needs these windows meet"),
    ],
)
def test_what_does_not_fit_is_refused(case, changed, what):
    with pytest.raises(InputError, match=what):
        report_of(case, **changed)


def test_an_unknown_method_is_refused_with_what_there_is(case):
    with pytest.raises(UnknownKeyError, match="saliencyy"):
        report_of(case, methods=["saliencyy"])
