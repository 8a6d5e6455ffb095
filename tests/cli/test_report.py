"""A user's session with `ecgbench report`: a network of his own, its weights and windows in files, and one page in the end."""

import pickle

import h5py
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from scipy.io import savemat

from ecgbench.leaderboard.figures.paper.layout import STANDARD
from ecgbench.report import windows_of

NETWORK = """
import torch

class TwoHeads(torch.nn.Module):
    '''A 12-lead network of logits and features, as many are.'''
    def __init__(self):
        super().__init__()
        self.features = torch.nn.Conv1d(12, 2, 5, padding=2)
        self.head = torch.nn.Linear(2, 2)
    def forward(self, x):
        features = torch.relu(self.features(x)).mean(dim=2)
        return self.head(features), features

class Logits(torch.nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network
    def forward(self, x):
        return self.network(x)[0]

def build():
    return Logits(TwoHeads())

def nothing():
    return None

def aged():
    '''Takes an age, which is the logit of class 1 for the old, and returns logits in a tuple.'''
    import ecgbench
    network = build()
    return ecgbench.adapt(lambda x, age: (network(x) + age[:, None] * torch.tensor([0.0, 1.0]), None), outputs=0)
"""


@pytest.fixture
def session(tmp_path, monkeypatch):
    """The files of a user in his working folder."""
    (tmp_path / "heads.py").write_text(NETWORK)
    torch.manual_seed(0)
    weights = {"network.features.weight": torch.full((2, 12, 5), 0.02), "network.features.bias": torch.full((2,), -1.0)}
    weights |= {"network.head.weight": torch.tensor([[-9.0, -9.0], [9.0, 9.0]]), "network.head.bias": torch.tensor([1.0, -1.0])}
    save_file(weights, tmp_path / "w.safetensors")
    rng = np.random.default_rng(0)
    masks = np.zeros((6, 12, 200), dtype=bool)
    for window, onset in enumerate(rng.integers(10, 160, size=6)):
        masks[window, :, onset : onset + 30] = True
    x = (rng.standard_normal(masks.shape) * 0.5 + 3 * masks).astype(np.float32)
    np.savez(
        tmp_path / "windows.npz", x=x, y=np.ones(6, dtype=int), masks=masks, fs=100, classes=np.array(["usual", "raised"]), leads=STANDARD
    )
    return tmp_path


CALL = ("report", "heads:build", "--dataset", "windows.npz", "--out", "report.html", "--method", "input_gradient", "--metric", "auc")


def test_a_network_and_windows_in_files_become_a_page(session, ecg):
    said = ecg(*CALL, "--weights", "w.safetensors")
    assert "On this network, trust input_gradient" in said
    assert "written to report.html" in said
    assert "raised, patient" in (session / "report.html").read_text()


def test_a_state_dict_is_read_and_a_pickle_is_refused(session, ecg):
    torch.save(load_file(session / "w.safetensors"), session / "w.pt")
    assert "written to" in ecg(*CALL, "--weights", "w.pt")
    marker = session / "was run"

    class Evil:
        def __reduce__(self):
            return (open, (str(marker), "w"))

    torch.save({"network": Evil()}, session / "evil.pt")
    (session / "plain.pkl").write_bytes(pickle.dumps({"network": Evil()}))
    for name in ("evil.pt", "plain.pkl"):
        assert "expected a state dict of tensors" in ecg(*CALL, "--weights", name, code=2)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"heads:build": "heads"}, "module:function"),
        ({"heads:build": "absent_module:build"}, "ModuleNotFoundError"),
        ({"heads:build": "heads:absent"}, "AttributeError"),
        ({"heads:build": "heads:nothing"}, "a torch module, got NoneType"),
        ({"windows.npz": "heads.npz"}, "a file of arrays"),
        ({"windows.npz": "absent"}, "absent"),
        ({"report.html": "report.txt"}, ".html"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_line(session, ecg, changed, what):
    (session / "heads.npz").write_bytes(b"no archive")
    assert what in ecg(*(changed.get(word, word) for word in CALL), code=2)


def test_windows_of_hdf5_and_matlab_are_those_of_numpy(session):
    """As MATLAB writes them: vectors as columns, whole numbers as floats, masks as bytes, names as cells of texts."""
    wanted = windows_of(session / "windows.npz")
    held = {name: value for name, value in wanted.items() if name not in ("classes", "leads")}
    with h5py.File(session / "windows.h5", "w") as file:
        for name, value in wanted.items():
            file[name] = value
    cells = {name: np.array(wanted[name], dtype=object) for name in ("classes", "leads")}
    matlab = {**held, "y": held["y"].astype(float)[:, None], "masks": held["masks"].astype(np.uint8), **cells}
    savemat(session / "windows.mat", matlab, do_compression=True)
    for name in ("windows.h5", "windows.mat"):
        found = windows_of(session / name)
        assert found.keys() == wanted.keys()
        for array, value in wanted.items():
            assert np.array_equal(found[array], value), (name, array)
            assert getattr(found[array], "dtype", None) == getattr(value, "dtype", None), (name, array)


def test_a_file_of_windows_says_which_array_is_wrong(session, ecg):
    held = dict(np.load(session / "windows.npz", allow_pickle=False))
    for changed, what in (({"fs": None}, "none named fs"), ({"lables": np.ones(6)}, "lables"), ({"fs": np.ones(2)}, "fs as one number")):
        arrays = {name: value for name, value in {**held, **changed}.items() if value is not None}
        np.savez(session / "windows.npz", **arrays)
        assert what in ecg(*CALL, code=2)


def test_a_second_input_in_the_file_goes_to_the_network_with_its_window(session, ecg):
    """The young are taken for usual, whatever their windows hold: three of six windows are predicted as they are labelled."""
    held = dict(np.load(session / "windows.npz", allow_pickle=False))
    call = [word.replace(":build", ":aged") for word in CALL]
    for ages, said in (
        (np.array([50.0, -50, 50, -50, 50, -50]), "3 explanations of 6 windows"),
        (np.ones(5), "got 5"),
        (np.array(["old"] * 6), "of numbers"),
    ):
        np.savez(session / "windows.npz", **held, extra=ages)
        refused = 2 if len(ages) == 5 or ages.dtype.kind == "U" else 0
        text = ecg(*call, code=refused)
        assert said in (text if refused else (session / "report.html").read_text())
    np.savez(session / "windows.npz", **held, extra=np.full(6, 50.0))
    assert "input_gradient" in ecg("methods", "--model", "heads:aged", "--data", "windows.npz")


def test_a_dataset_s_own_windows_are_drawn_as_the_benchmark_does(session, ecg):
    (session / "shipped.py").write_text(
        "from ecgbench.models import shipped_model, shipped_record\n"
        "def build():\n"
        "    name = 'synthetic-resnet18_7_narrow-seed1'\n"
        "    return shipped_model(name, shipped_record(name))\n"
    )
    call = ["report", "shipped:build", "--dataset", "synthetic", "--windows", "4", "--out", "report.html"]
    said = ecg(*call, "--method", "input_gradient", "--metric", "auc", "--metric", "twin_agreement")
    assert "written to" in said
    text = (session / "report.html").read_text()
    assert "4 test windows of synthetic that the model recognises" in text
    assert "twin agreement" in text
