"""Where accepted results lie, and the command that accepts a cell."""

import argparse
import functools
import shlex
from dataclasses import replace

import pytest

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import DATASETS, Edition
from ecgbench.pipeline import DATA_ARGUMENTS, RUN_ARGUMENTS, SELECTION_ARGUMENTS, Address, Options, Run, options_from, selection_from
from ecgbench.pipeline.acceptance.identity import accept_command, identity
from ecgbench.protocol import MITDB
from tests.pipeline.runs import small_run
from tests.simulated import simulated


@functools.cache
def loaded_once():
    return small_run(simulated("synthetic")).dataset("synthetic")


def described(monkeypatch, options, **loaded):
    """A run whose dataset claims to have been loaded in another way."""
    entry = replace(DATASETS["mitdb"], editions={name: Edition(MITDB, 1, "") for name in ("1.0.3", "1.0.3@100hz", "challenge-2021")})
    monkeypatch.setattr(DATASETS, "_entries", {found.key: found for found in DATASETS} | {"mitdb": entry})
    run = Run(replace(Options(store=ArtifactStore()), **options))
    usual = {"name": "mitdb", "labels": "aami", "split": "standard", "edition": "1.0.3", "simulated": False}
    dataset = replace(loaded_once(), **(usual | loaded))
    monkeypatch.setattr(run, "dataset", lambda name: dataset)
    return run


FOLDERS = [
    ({}, {}, "mitdb"),
    ({"samples": 4}, {}, "mitdb@samples-4"),
    ({"samples": 64}, {}, "mitdb"),
    ({"samples": "all"}, {}, "mitdb@samples-all"),
    ({"protocol": "study"}, {"labels": "study"}, "mitdb@study"),
    ({"protocol": "study"}, {"labels": "aami"}, "mitdb@study+labels-aami"),
    ({}, {"labels": "study"}, "mitdb@labels-study"),
    ({}, {"split": "patient"}, "mitdb@split-patient"),
    ({}, {"edition": "1.0.3@100hz"}, "mitdb@100hz"),
    ({}, {"edition": "challenge-2021"}, "mitdb@challenge-2021"),
    (
        {"samples": 4, "protocol": "study"},
        {"labels": "study", "split": "patient", "simulated": True},
        "mitdb@study+split-patient+samples-4+simulated",
    ),
]


def test_folder_is_the_dataset_and_what_differs_from_its_default(monkeypatch):
    for options, loaded, folder in FOLDERS:
        assert identity(described(monkeypatch, options, **loaded), "mitdb", "resnet18_7").folder == folder


@pytest.mark.parametrize(
    ("options", "model"),
    [
        ({"samples": 4, "protocol": "study"}, "resnet18_7"),
        ({"samples": "all"}, "resnet50"),
        ({"labels": "study", "split": "patient", "edition": "1.0.3@100hz"}, "resnet18_7"),
    ],
)
def test_command_that_accepts_selects_the_cell_and_restores_the_options(monkeypatch, options, model):
    run, wanted = described(monkeypatch, options), Address("mitdb", model, "saliency", "abs", "auc", 3)
    command = shlex.split(accept_command(run, wanted))
    assert command[:2] == ["pytest", "benchmark"]
    parser = argparse.ArgumentParser()
    for flag, settings in {**SELECTION_ARGUMENTS, **DATA_ARGUMENTS, **RUN_ARGUMENTS}.items():
        parser.add_argument(flag, **settings)
    given = parser.parse_args(command[2:])
    assert given.update_scores
    assert selection_from(given).cells() == [wanted]
    assert replace(options_from(given, 0.0), store=run.options.store) == run.options
