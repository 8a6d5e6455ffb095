"""The command line: every verb is a call into the layers below.

Exit codes: 0 done, 1 a check failed, 2 wrong use or bad input, 130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ecgbench.errors import EcgbenchError, InputError

if TYPE_CHECKING:
    from ecgbench.pipeline import Cell

    Verbs = argparse._SubParsersAction["_Parser"]

DONE, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_USE, f"{self.prog}: {message}; see `{self.prog} --help`.\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    given = _parser().parse_args(arguments)
    try:
        code: int = given.run(given)
    except EcgbenchError as error:
        print(f"ecgbench {given.verb}: {error}", file=sys.stderr)  # noqa: T201
        return WRONG_USE
    except KeyboardInterrupt:
        print("ecgbench: interrupted; what was computed is kept, the same command goes on.", file=sys.stderr)  # noqa: T201
        return INTERRUPTED
    return code


def _parser() -> _Parser:
    parser = _Parser(prog="ecgbench", description="Which feature attribution method to trust on an ECG classifier.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for add in (_add_datasets, _add_train, _add_explain, _add_run, _add_leaderboard, _add_cache):
        add(verbs)
    return parser


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f'expected a number from 0, got "{text}"')
    return int(text)


def _add_datasets(verbs: Verbs) -> None:
    verb = verbs.add_parser("datasets", help="list the datasets: licence, size, whether their records are here")
    verb.set_defaults(run=_datasets)


def _add_train(verbs: Verbs) -> None:
    from ecgbench.pipeline import DATA_ARGUMENTS
    from ecgbench.protocol import PRECISIONS

    verb = verbs.add_parser("train", help="train a dataset's model, or take given weights as it")
    verb.add_argument("dataset")
    verb.add_argument("--seed", type=_seed, help="default: the dataset's first")
    source = verb.add_mutually_exclusive_group()
    source.add_argument("--from", dest="file", type=Path, help="safetensors file to take as this model (recorded as imported)")
    source.add_argument("--retrain", action="store_true", help="train even where the store or the package holds a model")
    verb.add_argument("--out", type=Path, help="also write the checkpoint to this .safetensors file, and its record beside it")
    verb.add_argument("--precision", default=PRECISIONS[0], choices=PRECISIONS, help="bf16 halves the time on processors that have it")
    verb.add_argument("--device", default="cpu", help="torch device (default cpu)")
    _add(verb, DATA_ARGUMENTS)
    verb.set_defaults(run=_train)


def _add_explain(verbs: Verbs) -> None:
    from ecgbench.pipeline import DATA_ARGUMENTS, RUN_ARGUMENTS

    verb = verbs.add_parser("explain", help="write a method's maps of a dataset's explained windows to a file")
    verb.add_argument("dataset")
    verb.add_argument("--method", required=True, help="key of the method")
    verb.add_argument("--out", type=Path, required=True, help=".npz file: attributions, x, target, record, patient, start")
    verb.add_argument("--seed", type=_seed, help="default: the dataset's first")
    _add(verb, {**DATA_ARGUMENTS, **{flag: RUN_ARGUMENTS[flag] for flag in ("--samples", "--protocol", "--device", "--precision")}})
    verb.set_defaults(run=_explain, retrain=False, update_scores=False, check_only=False)


def _add_run(verbs: Verbs) -> None:
    from ecgbench.pipeline import DATA_ARGUMENTS, RUN_ARGUMENTS, SELECTION_ARGUMENTS

    verb = verbs.add_parser("run", help="compute cells of the benchmark and check them against the accepted results")
    _add(verb, {**SELECTION_ARGUMENTS, **DATA_ARGUMENTS, **RUN_ARGUMENTS})
    _add_scores(verb)
    verb.set_defaults(run=_run)


def _add_leaderboard(verbs: Verbs) -> None:
    verb = verbs.add_parser("leaderboard", help="write the leaderboards from the accepted results")
    verb.add_argument("--check", action="store_true", help="write nothing; fail if a page differs from what would be written")
    verb.add_argument("--out", type=Path, default=Path("leaderboards"), help="folder of the pages (default leaderboards)")
    verb.add_argument("--readme", type=Path, default=Path("README.md"), help="file with an excerpt between marks (default README.md)")
    _add_scores(verb)
    verb.set_defaults(run=_leaderboard)


def _add_cache(verbs: Verbs) -> None:
    verb = verbs.add_parser("cache", help="list, verify or prune what was computed")
    verb.add_argument("action", choices=("list", "verify", "prune"))
    verb.add_argument("--stage", help="only this stage (windows, model, ...); without it, prune removes leftovers only")
    verb.set_defaults(run=_cache)


def _add(verb: argparse.ArgumentParser, arguments: Mapping[str, Mapping[str, Any]]) -> None:
    for flag, options in arguments.items():
        verb.add_argument(flag, **options)


def _add_scores(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--scores", type=Path, default=Path("leaderboards/scores"), help="accepted results (default leaderboards/scores)")


def _datasets(given: argparse.Namespace) -> int:
    from tabulate import tabulate

    from ecgbench.datasets import DATASETS, data_root, fetch_command

    rows = []
    for entry in DATASETS:
        folder = data_root() / entry.protocol.slug / entry.protocol.version
        here = str(folder) if folder.is_dir() else f"absent; {fetch_command(entry.protocol, data_root())}"
        rows.append([entry.key, entry.title, entry.licence, f"{entry.megabytes:g} MB", "embedded" if entry.embedded else here])
    _say(tabulate(rows, headers=["dataset", "title", "licence", "size", "records"]))
    return DONE


def _train(given: argparse.Namespace) -> int:
    from ecgbench.artifacts import ArtifactStore
    from ecgbench.datasets import DATASETS, load_dataset
    from ecgbench.models import save_model
    from ecgbench.nn import device_named
    from ecgbench.pipeline import import_model, model_of

    _check_out(given.out, ".safetensors")
    device_named(given.device)
    dataset = load_dataset(given.dataset, labels=given.labels, split=given.split, edition=given.edition)
    seed = DATASETS[given.dataset].protocol.seeds[0] if given.seed is None else given.seed
    if given.file is not None:
        model = import_model(dataset, seed, given.file, ArtifactStore())
    else:
        since = time.time() if given.retrain else None
        model = model_of(dataset, seed, ArtifactStore(), given.precision, given.device, since)
    _say(f"{given.dataset} seed {seed}: {model.info['origin']}, precision {model.info['precision']}, weights {model.digest[:12]}")
    _say("\n".join(f"  test {name}: {value}" for name, value in model.info["test"].items()))
    if given.out is not None:
        save_model(model.module, model.info, given.out)
        _say(f"written to {given.out}")
    return DONE


def _explain(given: argparse.Namespace) -> int:
    import io

    import numpy as np

    from ecgbench.artifacts import write_atomically
    from ecgbench.datasets import DATASETS
    from ecgbench.methods import METHODS
    from ecgbench.nn import device_named
    from ecgbench.pipeline import Run, options_from

    _check_out(given.out, ".npz")
    device_named(given.device)
    method = METHODS[given.method].key
    run = Run(options_from(given, time.time()))
    seed = DATASETS[given.dataset].protocol.seeds[0] if given.seed is None else given.seed
    maps, explained = run.maps(given.dataset, seed, method), run.explained(given.dataset, seed)
    windows = explained.windows
    content = io.BytesIO()
    origin = {"record": windows.record, "patient": windows.patient, "start": windows.start}
    arrays: dict[str, Any] = {"attributions": maps.values, "x": windows.x, "target": explained.target, **origin}
    np.savez_compressed(content, **arrays)
    write_atomically(given.out, content.getvalue())
    _say(f"{len(maps.values)} maps of {method} written to {given.out} ({maps.seconds:.1f} s)")
    return DONE


def _check_out(path: Path | None, suffix: str) -> None:
    """Refuse a file that cannot be written before hours go into what it is to hold."""
    if path is not None and path.suffix != suffix:
        raise InputError(f'expected --out as a {suffix} file, got "{path}"; name it so.')
    if path is not None and not path.parent.is_dir():
        raise InputError(f'expected --out in a folder that is there, got "{path}"; make the folder or name another.')


def _run(given: argparse.Namespace) -> int:
    from tqdm import tqdm

    from ecgbench.pipeline import Run, accept, estimate_seconds, health_record, judge, options_from, selection_from

    cells = selection_from(given).cells()
    run = Run(options_from(given, time.time()), wanted=cells)
    if not cells:
        raise InputError("expected a selection that holds cells, got an empty one; see --dataset, --method, --metric and --seeds.")
    maps = dict.fromkeys((cell.dataset, cell.method, cell.seed) for cell in cells)
    seconds = estimate_seconds(cells, run.options.samples, maps)
    _say(f"{len(cells)} cells, at most about {seconds:.0f} s if nothing of them is in the store")
    verdicts, means = {}, {}
    for cell in tqdm(cells, unit="cell"):
        scores = run.scores(cell)
        means[cell] = scores.mean
        verdicts[cell] = judge(run, cell, scores, given.scores, given.update_scores)
    accept(run, [cell for cell, verdict in verdicts.items() if verdict.status == "updated"], given.scores)
    _say_tables(means, [health_record(run, *of) for of in maps])
    bad = [verdict.message for verdict in verdicts.values() if verdict.fails(given.check_only)]
    new = sum(verdict.status == "nothing" for verdict in verdicts.values())
    _say("\n".join(["", *bad, f"{len(cells)} cells, {len(bad)} failed, {new} with no accepted result"]))
    return FAILED if bad else DONE


def _say_tables(means: Mapping[Cell, float], health: Sequence[Mapping[str, Any]]) -> None:
    from ecgbench.pipeline import health_table, score_table

    for dataset in dict.fromkeys(cell.dataset for cell in means):
        _say(f"\n{score_table(dataset, means)}\n\n{health_table(dataset, health)}")


def _leaderboard(given: argparse.Namespace) -> int:
    from ecgbench.leaderboard import check_pages, write_pages

    if given.check:
        differences = check_pages(given.scores, given.out, given.readme)
        _say("\n".join(differences) or "the pages are what the accepted results say")
        return FAILED if differences else DONE
    try:
        written = write_pages(given.scores, given.out, given.readme)
    except OSError as error:
        raise InputError(f"expected to write pages into {given.out}, got {error.strerror or error}; name another folder.") from error
    _say("\n".join(map(str, written)))
    return DONE


def _cache(given: argparse.Namespace) -> int:
    from ecgbench.artifacts import ArtifactStore

    store = ArtifactStore()
    if given.action == "prune":
        _say(f"{store.prune(given.stage)} bytes freed in {store.root}")
        return DONE
    sizes: dict[str, list[int]] = {}
    damaged = 0
    for stage, key in store:
        if given.stage in (None, stage):
            sizes.setdefault(stage, []).append(store.size(stage, key))
            damaged += given.action == "verify" and store.get(stage, key) is None
    _say("\n".join([str(store.root), *(f"  {stage}: {len(of)} artifacts, {sum(of) / 1e6:.1f} MB" for stage, of in sizes.items())]))
    if given.action == "verify":
        _say(f"{damaged} damaged")
    return FAILED if damaged else DONE


def _say(text: str) -> None:
    print(text)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
