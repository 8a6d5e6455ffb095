"""`train` and `explain`."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from ecgbench.cli._files import check_out, write_arrays
from ecgbench.cli._verb import DONE, FILE, SEED, TEXT, add, add_model, chosen_model
from ecgbench.cli.terminal.speech import say

if TYPE_CHECKING:
    from ecgbench.cli.terminal.parser import Parser


def fill_train(verb: Parser) -> None:
    """Arguments of the verb `train`."""
    from ecgbench.pipeline import DATA_ARGUMENTS
    from ecgbench.protocol import PRECISIONS

    verb.add_argument("dataset", type=TEXT)
    add_model(verb)
    verb.add_argument("--seed", type=SEED, help="default: the dataset's first")
    source = verb.add_mutually_exclusive_group()
    source.add_argument("--from", dest="file", type=FILE, help="safetensors file to take as this model (recorded as imported)")
    source.add_argument("--retrain", action="store_true", help="train even where the store or the package holds a model")
    verb.add_argument("--out", type=FILE, help="also write the checkpoint to this .safetensors file, and its record beside it")
    verb.add_argument("--precision", default=PRECISIONS[0], choices=PRECISIONS, help="bf16 halves the time on processors that have it")
    verb.add_argument("--device", type=TEXT, default="cpu", help="torch device (default cpu)")
    add(verb, DATA_ARGUMENTS)
    verb.set_defaults(run=_train)


def fill_explain(verb: Parser) -> None:
    """Arguments of the verb `explain`."""
    from ecgbench.pipeline import DATA_ARGUMENTS, RUN_ARGUMENTS

    verb.add_argument("dataset", type=TEXT)
    add_model(verb)
    verb.add_argument("--method", type=TEXT, required=True, help="key of the method")
    verb.add_argument("--out", type=FILE, required=True, help=".npz file: attributions beside what `windows` writes")
    verb.add_argument("--seed", type=SEED, help="default: the dataset's first")
    flags = ("--samples", "--explained", "--protocol", "--device", "--precision")
    add(verb, {**DATA_ARGUMENTS, **{flag: RUN_ARGUMENTS[flag] for flag in flags}})
    verb.set_defaults(run=_explain, retrain=False, update_scores=False, check_only=False)


def _train(given: argparse.Namespace) -> int:
    from ecgbench.artifacts import ArtifactStore
    from ecgbench.datasets import load_dataset
    from ecgbench.models import save_model
    from ecgbench.nn import device_named
    from ecgbench.pipeline import import_model, model_of

    check_out(given.out, ".safetensors")
    device_named(given.device)
    of = chosen_model(given)
    dataset = load_dataset(given.dataset, labels=given.labels, split=given.split, edition=given.edition)
    if given.file is not None:
        model = import_model(dataset, of.seed, given.file, ArtifactStore(), of.model)
    else:
        since = time.time() if given.retrain else None
        model = model_of(dataset, of.seed, ArtifactStore(), of.model, given.precision, given.device, since)
    about = f"{model.info['origin']}, precision {model.info['precision']}, weights {model.digest[:12]}"
    say(f"{given.dataset} {of.model} seed {of.seed}: {about}")
    say("\n".join(f"  test {name}: {value}" for name, value in model.info["test"].items()))
    if given.out is not None:
        save_model(model.module, model.info, given.out)
        say(f"written to {given.out}")
    return DONE


def _explain(given: argparse.Namespace) -> int:
    from ecgbench.methods import METHODS
    from ecgbench.pipeline import ATTRIBUTIONS, MapsAddress, Run, options_from, window_arrays

    check_out(given.out, ".npz")
    method = METHODS[given.method].key
    run, of = Run(options_from(given, time.time())), chosen_model(given)
    maps = run.maps(MapsAddress(of.dataset, of.model, method, of.seed))
    write_arrays(given.out, {ATTRIBUTIONS: maps.values, **window_arrays(run, of)})
    say(f"{len(maps.values)} maps of {method} written to {given.out} ({maps.seconds:.1f} s)")
    return DONE
