"""`report`: which attribution method to trust on a user's own network."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ecgbench.cli._files import check_out
from ecgbench.cli._verb import DONE, FILE, SEED, TEXT, add, count
from ecgbench.cli.terminal.speech import say
from ecgbench.cli.terminal.tables import add_json, say_json

if TYPE_CHECKING:
    from ecgbench.cli.terminal.parser import Parser

ARRAYS = (".npz", ".h5", ".hdf5", ".mat")
MOST = 1 << 20
"""The largest number of windows or of rows."""


def fill_report(verb: Parser) -> None:
    """Arguments of the verb `report`."""
    from ecgbench.pipeline import SELECTION_ARGUMENTS

    verb.add_argument("network", type=TEXT, metavar="MODULE:FUNCTION", help="builds the network, without arguments")
    verb.add_argument("--weights", type=FILE, help=".safetensors file, or a state dict that was saved with torch; no code in it is run")
    what = "key of a dataset, or .npz, .h5 or .mat file: x as the network takes it, fs, and y, masks, patient, twin, extra, ..."
    verb.add_argument("--dataset", type=TEXT, required=True, metavar="KEY|FILE", help=what)
    verb.add_argument("--out", type=FILE, required=True, help=".html file")
    verb.add_argument("--windows", type=count("--windows", MOST), metavar="N", help="of a dataset (default: its usual number, mostly 64)")
    add(verb, {flag: SELECTION_ARGUMENTS[flag] for flag in ("--method", "--metric")})
    verb.add_argument("--seed", type=SEED, default=0, help="of methods' and metrics' random numbers (default 0)")
    verb.add_argument("--device", type=TEXT, help="torch device (default: the network's)")
    verb.add_argument("--batch-size", type=count("--batch-size", MOST), metavar="N", help="rows that pass through the network at once")
    add_json(verb)
    verb.set_defaults(run=_report)


def _report(given: argparse.Namespace) -> int:
    from ecgbench.errors import InputError
    from ecgbench.report import evaluate, evaluate_on, load_weights, network_of, windows_of

    check_out(given.out, ".html")
    own = given.dataset.endswith(ARRAYS)
    if own and given.windows is not None:
        raise InputError("expected --windows with a dataset's key, got a file of windows; save the windows that are to be explained.")
    arrays = windows_of(Path(given.dataset)) if own else {}
    network = network_of(given.network)
    if given.weights is not None:
        load_weights(network, given.weights)
    chosen = {"methods": given.method or None, "metrics": given.metric or None, "seed": given.seed}
    place = {"device": given.device, "batch_size": given.batch_size}
    if own:
        report = evaluate(network, **arrays, **chosen, **place)
    else:
        report = evaluate_on(network, given.dataset, given.windows, **chosen, **place)
    report.save(given.out)
    if given.json:
        say_json(report.table().reset_index().to_dict("records"))
    else:
        say(f"{report!r}\nwritten to {given.out}")
    return DONE
