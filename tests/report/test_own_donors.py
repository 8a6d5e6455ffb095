"""Normal windows of the same patients order the methods where nobody marked anything: by donors."""

import numpy as np
import pytest

import ecgbench
from ecgbench.artifacts import ArtifactStore
from ecgbench.errors import InputError
from ecgbench.models import shipped_model, shipped_record
from tests.simulated import simulated


@pytest.fixture(scope="module")
def patients():
    """Windows of four simulated patients as the shipped network takes them: two with ectopic beats and two normal ones of each."""
    dataset = ecgbench.load_dataset("synthetic", store=simulated("synthetic"))
    windows, name = dataset.test, "synthetic-resnet18_7_narrow-seed1"
    network = shipped_model(name, shipped_record(name))
    has_both = [one for one in np.unique(windows.patient) if {0, 2} <= set(windows.y[windows.patient == one].tolist())][:4]
    chosen = [np.flatnonzero((windows.patient == one) & (windows.y == label))[:2] for one in has_both for label in (0, 2)]
    some = windows.take(np.concatenate(chosen))
    return network, some, dataset


def test_methods_are_ordered_by_donors_of_the_same_patient(patients, tmp_path):
    network, windows, dataset = patients
    given = {"patient": windows.patient, "fs": dataset.fs, "classes": dataset.classes, "store": ArtifactStore(tmp_path)}
    report = ecgbench.evaluate(network, windows.x, windows.y, normal=dataset.classes[0], methods=["lrp"], metrics=["donor_*"], **given)
    table = report.table()
    assert "Nothing here orders" not in report.verdict
    assert table.loc["lrp", "donor_morf"] > table.loc[["constant", "amplitude", "slope", "r_peaks", "centre"], "donor_morf"].max()
    assert np.isfinite(table.loc[["lrp", "lrp_abs"], "place: donor"]).all()


def test_a_normal_class_without_patients_is_refused(patients, tmp_path):
    network, windows, dataset = patients
    with pytest.raises(InputError, match="expected y and patient beside a normal class"):
        ecgbench.evaluate(network, windows.x, windows.y, normal=0, fs=dataset.fs, store=ArtifactStore(tmp_path))
    with pytest.raises(InputError, match="expected target among"):
        ecgbench.evaluate(network, windows.x, windows.y, patient=windows.patient, normal="X", fs=dataset.fs, store=ArtifactStore(tmp_path))
