"""ECG and other one-dimensional networks of packages that anybody can install, as narrow as their options allow."""

from __future__ import annotations

import copy
import importlib
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

import ecgbench

LEADS, TIME, OUTPUTS = 12, 1000, 5

PACKAGES = {
    "deepecgkit": "deepecgkit",
    "torch_ecg": "torch_ecg",
    "tsai": "tsai",
    "braindecode": "braindecode",
    "monai": "monai",
    "pytorch_tcn": "pytorch-tcn",
}
"""Packages by what they are imported as: their names on PyPI."""


@dataclass(frozen=True)
class Foreign:
    """A network of a package.

    Attributes
    ----------
    package : a key of `PACKAGES`
    name : of its class, or of the class and what distinguishes it
    make : module and class, "deepecgkit.models:CRNN", or a function that builds it
    options : of the class, or arguments of the function
    adapted : how `ecgbench.adapt` takes it, where it is not (n, leads, time) -> (n, outputs) already
    """

    package: str
    name: str
    make: str | Callable[..., torch.nn.Module]
    options: dict[str, Any] = field(default_factory=dict)
    adapted: dict[str, Any] = field(default_factory=dict)


def built(foreign: Foreign) -> torch.nn.Module:
    """The network in float64 and evaluation mode, its weights and the statistics of its norms drawn from a fixed seed."""
    make = foreign.make
    if isinstance(make, str):
        module, _, kind = make.partition(":")
        make = getattr(importlib.import_module(module), kind)
    torch.manual_seed(0)
    model = make(**foreign.options)
    model = (ecgbench.adapt(model, **foreign.adapted) if foreign.adapted else model).double().eval()
    for part in model.modules():
        if isinstance(part, torch.nn.modules.batchnorm._BatchNorm) and part.running_mean is not None:
            part.running_mean.normal_(0, 0.2)
            part.running_var.uniform_(0.5, 1.5)
    return model


def _of_classes(package: str, module: str, classes: dict[str, dict[str, Any]], usual: dict[str, Any]) -> list[Foreign]:
    return [Foreign(package, kind, f"{module}:{kind}", usual | options) for kind, options in classes.items()]


_FEW = {"d_model": 16, "nhead": 2, "dim_feedforward": 32}
_DEEPECGKIT: dict[str, dict[str, Any]] = {
    "CRNN": {"cnn_channels": [8, 8, 8], "lstm_hidden_size": 8},
    "ConvNeXtV21D": {"dims": [8, 8, 16, 16], "depths": [1, 1, 1, 1]},
    "ECGDualNet": _FEW | {"cnn_channels": 16, "lstm_hidden": 8, "transformer_layers": 1},
    "FCNWang": {"filters": [8, 16, 8]},
    "GRUECG": {"hidden_size": 8},
    "InceptionTime1D": {"n_filters": 4, "bottleneck_channels": 4},
    "KanResDeepX": {"base_channels": 8},
    "KanResWideX": {"base_channels": 8},
    "LSTMECG": {"hidden_size": 8, "num_layers": 1},
    "MLPWang": {"hidden_size": 32},
    "Mamba1D": {"d_model": 16, "d_state": 4, "num_layers": 1},
    "Medformer": _FEW | {"num_encoder_layers": 1},
    "ROCKET": {"num_kernels": 50, "reference_length": TIME},
    "ResNet1D": {"base_channels": 8},
    "ResNetHannun": {"base_channels": 8},
    "ResNetWang": {"base_channels": 8},
    "SEResNet1D": {"base_channels": 16},
    "SimpleCNN": {},
    "SpectrogramCNN": {"channels": (8, 8, 16, 16)},
    "TCN": {"num_channels": [8, 8, 8]},
    "TransformerECG": _FEW | {"num_encoder_layers": 1},
    "XResNet1D": {"base_channels": 8},
    "XResNet1dBenchmark": {"layers": [1, 1, 1, 1]},
}


def deepecgkit() -> list[Foreign]:
    """Networks of deepecgkit."""
    return _of_classes("deepecgkit", "deepecgkit.models", _DEEPECGKIT, {"input_channels": LEADS, "output_size": OUTPUTS})


def tsai() -> list[Foreign]:
    """Networks of tsai."""
    sized = {"seq_len": TIME}
    short = sized | {"n_layers": 1, "d_model": 16, "n_heads": 2, "d_ff": 32}
    classes: dict[str, dict[str, Any]] = {
        "FCNPlus": {"layers": [8, 16, 8], "coord": True, "residual": True},
        "ResCNN": {},
        "ResNetPlus": {"nf": 8, "sa": True, "se": 4},
        "InceptionTimePlus": {"nf": 4, "concat_pool": True},
        "XceptionTimePlus": {"nf": 4, "concat_pool": True},
        "TCN": {"layers": [8] * 4},
        "GRU": {"hidden_size": 8, "bidirectional": True},
        "LSTM_FCN": sized | {"hidden_size": 8, "conv_layers": [8, 16, 8]},
        "MLSTM_FCN": sized | {"hidden_size": 8, "conv_layers": [16, 32, 16]},
        "LSTMAttention": sized | {"hidden_size": 8, "encoder_layers": 1, "n_heads": 2, "d_ff": 16},
        "TST": short,
        "TSTPlus": short,
        "TransformerModel": {"d_model": 16, "n_head": 2, "d_ffn": 32},
        "TransformerLSTMPlus": sized | {"d_model": 16, "nhead": 2, "dim_feedforward": 32},
        "TSiTPlus": sized | {"d_model": 16, "depth": 1, "n_heads": 2},
        "TSPerceiver": sized | {"n_latents": 8, "d_latent": 16, "n_layers": 1, "self_n_heads": 2},
        "gMLP": sized | {"patch_size": 25, "d_model": 16, "d_ffn": 32, "depth": 2},
        "MLP": sized | {"layers": [32, 32, 32]},
        "mWDN": sized | {"levels": 2, "nf": 4},
        "XResNet1dPlus": {"layers": [1, 1, 1, 1], "expansion": 1},
    }
    return _of_classes("tsai", "tsai.models.all", classes, {"c_in": LEADS, "c_out": OUTPUTS})


def braindecode() -> list[Foreign]:
    """Networks of braindecode, as wide as they come."""
    kinds = (
        "ATCNet AttentionBaseNet BDTCN CTNet Deep4Net EEGConformer EEGITNet EEGInceptionERP EEGMiner EEGNet EEGTCNet MSVTNet SCCNet "
        "SPARCNet SSTDPN ShallowFBCSPNet SincShallowNet SleepStagerBlanco2020 SleepStagerChambon2018 TCFormer TSception"
    )
    usual = {"n_chans": LEADS, "n_outputs": OUTPUTS, "n_times": TIME, "sfreq": 250}
    return _of_classes("braindecode", "braindecode.models", {kind: {} for kind in kinds.split()}, usual)


def monai() -> list[Foreign]:
    """Networks of MONAI with one spatial dimension."""
    usual = {"spatial_dims": 1, "in_channels": LEADS}
    patches = {"img_size": (TIME,), "patch_size": (25,), "hidden_size": 16, "mlp_dim": 32, "num_layers": 2, "num_heads": 2}
    narrow = {"block": "basic", "layers": [1, 1, 1, 1], "block_inplanes": [8, 8, 16, 16], "spatial_dims": 1, "n_input_channels": LEADS}
    dense = {"out_channels": OUTPUTS, "init_features": 8, "growth_rate": 4, "block_config": (2, 2, 2)}
    seen = {"classification": True, "num_classes": OUTPUTS, "post_activation": None}
    read = {"in_shape": (LEADS, TIME), "classes": OUTPUTS, "channels": (8, 16, 16), "strides": (4, 4, 4)}
    nets = "monai.networks.nets:"
    return [
        Foreign("monai", "DenseNet", nets + "DenseNet", usual | dense),
        Foreign("monai", "ResNet", nets + "ResNet", narrow | {"num_classes": OUTPUTS}),
        Foreign("monai", "ViT", nets + "ViT", usual | patches | seen, {"outputs": 0}),
        Foreign("monai", "Classifier", nets + "Classifier", read),
    ]


def pytorch_tcn() -> list[Foreign]:
    """Causal and centred networks of pytorch-tcn."""
    return [
        Foreign("pytorch_tcn", "TCN, causal, weight norm", _tcn, {"causal": True}),
        Foreign("pytorch_tcn", "TCN, centred, gated", _tcn, {"causal": False, "use_norm": "layer_norm", "use_gate": True}),
    ]


def _tcn(**options: Any) -> torch.nn.Module:
    tcn = importlib.import_module("pytorch_tcn").TCN(LEADS, [8, 8, 8], kernel_size=5, **options)
    return torch.nn.Sequential(tcn, torch.nn.AdaptiveAvgPool1d(1), torch.nn.Flatten(), torch.nn.Linear(8, OUTPUTS))


def torch_ecg() -> list[Foreign]:
    """Networks of torch_ecg: its smaller convolutional parts, with and without what may follow."""
    parts = {
        "resnetNS": {},
        "tresnetF": {},
        "resnet_nature_comm_se": {"rnn": "lstm", "attn": "none"},
        "resnet_nature_comm_gc": {"attn": "sa"},
        "densenet_vanilla": {"attn": "transformer"},
    }
    return [
        Foreign("torch_ecg", ", ".join(["ECG_CRNN " + cnn, *further.values()]), _crnn, {"cnn": cnn, **further})
        for cnn, further in parts.items()
    ]


def _crnn(**parts: str) -> torch.nn.Module:
    config = copy.deepcopy(importlib.import_module("torch_ecg.model_configs").ECG_CRNN_CONFIG)
    for part, name in parts.items():
        config[part].name = name
    model: torch.nn.Module = importlib.import_module("torch_ecg.models").ECG_CRNN([str(i) for i in range(OUTPUTS)], LEADS, config)
    return model


def installed() -> list[Foreign]:
    """The networks of those packages that are installed."""
    families = (deepecgkit, torch_ecg, tsai, braindecode, monai, pytorch_tcn)
    return [foreign for family in families if importlib.util.find_spec(family.__name__) for foreign in family()]
