"""The verbs: what each does, in a line and in examples, and where its arguments are; a verb's module is imported when the verb is used."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from ecgbench.cli.terminal.parser import Fill, Parser


@dataclass(frozen=True)
class Verb:
    """A verb.

    Attributes
    ----------
    name : what a user types
    help : what it does, in a line
    place : module below `ecgbench.cli` and function that gives its parser the arguments, as "data.datasets:fill_datasets"
    examples : command lines behind "ecgbench", of which each can be parsed
    more : what its own help says beside that line
    """

    name: str
    help: str
    place: str
    examples: tuple[str, ...]
    more: str = ""

    def fill(self, parser: Parser) -> None:
        """Give the verb's parser its arguments."""
        module, _, function = self.place.partition(":")
        fill: Fill = getattr(import_module(f"ecgbench.cli.{module}"), function)
        fill(parser)

    @property
    def description(self) -> str:
        """What stands above the arguments in its own help."""
        sentence = f"{self.help[0].upper()}{self.help[1:]}."
        return f"{sentence}\n{self.more}" if self.more else sentence


COMPARE = "Exit codes: 0 if all cells, identities and models are alike (values within the metric's tolerance), 1 if not, 2 for bad input."
FITS = "With --model it says which of them apply to a network of your own, why the others don't, and what each costs."
SUBMIT = (
    'submit synthetic --name mine --maps maps.npz --reference "doi:10.1000/xyz" --saw-labels no --saw-test-set no --out mine.safetensors'
)
SUBMIT_MODELS = 'submit synthetic --model my_network --weights --reference "doi:10.1000/xyz" --saw-test-set no --out my_network.safetensors'

VERBS = (
    Verb(
        "datasets",
        "list the datasets: licence, size, whether their records are here",
        "data.datasets:fill_datasets",
        ("datasets", "datasets --json"),
    ),
    Verb("models", "list the network architectures, or show one", "_entries:fill_models", ("models", "models resnet18_7")),
    Verb("recipes", "list the ways of training, or show one", "_entries:fill_recipes", ("recipes", "recipes balanced")),
    Verb(
        "methods",
        "list the attribution methods, or show one with its options and its cost",
        "_entries:fill_methods",
        ("methods", "methods lrp", "methods --model my_package:build --weights w.safetensors --data windows.npz"),
        FITS,
    ),
    Verb(
        "controls",
        "list the controls: maps made without looking at the model, and bounds; or show one",
        "_entries:fill_controls",
        ("controls", "controls r_peaks"),
    ),
    Verb("metrics", "list the metrics by family, or show one", "_entries:fill_metrics", ("metrics", "metrics auc", "metrics --json")),
    Verb(
        "download",
        "fetch a dataset's records, or go on where that was cut off",
        "data.datasets:fill_download",
        ("download mitdb", "download ptbxl --edition ptb-xl@100hz --jobs 16"),
    ),
    Verb("verify", "compare a dataset's files with their SHA-256 and count its windows", "data.datasets:fill_verify", ("verify mitdb",)),
    Verb(
        "simulate",
        "write a simulated stand-in for a dataset's database",
        "data.simulate:fill_simulate",
        ("simulate mitdb simulated", "simulate ptbxl simulated --records 200"),
    ),
    Verb(
        "train",
        "train a dataset's model, or take given weights as it",
        "_models:fill_train",
        ("train synthetic --out model.safetensors", "train mitdb --seed 2 --model resnet34", "train mitdb --from model.safetensors"),
    ),
    Verb(
        "explain",
        "write a method's maps of a dataset's explained windows to a file",
        "_models:fill_explain",
        ("explain synthetic --method lrp --out maps.npz",),
    ),
    Verb(
        "run",
        "compute cells of the benchmark, or only check them, against the accepted results",
        "results.run:fill_run",
        ("run --dataset synthetic --method saliency", "run --dataset mitdb --metric 'region_*' --seeds 1-3", "run --check-only"),
    ),
    Verb(
        "report",
        "find out which method to trust on your own network, and write it as one HTML file",
        "_report:fill_report",
        (
            "report my_package:build --weights w.safetensors --dataset windows.npz --out report.html",
            "report my_package:build --dataset mitdb --windows 32 --out report.html",
        ),
    ),
    Verb(
        "rate",
        "let experts rate maps blindly in the browser, and report what they say",
        "_rate:fill_rate",
        ("rate synthetic --raters Ada Ben --out ratings.sqlite", "rate --report ratings.sqlite"),
    ),
    Verb(
        "windows",
        "write a dataset's explained windows to a file, for a method of your own",
        "results.submissions:fill_windows",
        ("windows synthetic --out windows.npz",),
    ),
    Verb(
        "submit",
        "pack your method's maps, or your models' weights, into one file that anybody can evaluate",
        "results.submissions:fill_submit",
        (SUBMIT, SUBMIT_MODELS),
    ),
    Verb(
        "evaluate",
        "compute the scores of submitted maps or models and check them against the accepted results",
        "results.submissions:fill_evaluate",
        ("evaluate mine.safetensors --allow-new", "evaluate mine.safetensors --update-scores"),
    ),
    Verb(
        "leaderboard",
        "write the leaderboards from the accepted results, or show them as a site",
        "results.leaderboard:fill_leaderboard",
        ("leaderboard --open", "leaderboard --site site", "leaderboard --check"),
    ),
    Verb(
        "compare",
        "say what changed between two folders of accepted results, or two revisions of the clone here, as markdown for a pull request",
        "results.accepted:fill_compare",
        ("compare main HEAD", "compare main leaderboards/scores --out changes.md"),
        COMPARE,
    ),
    Verb(
        "scores",
        "show the per-window scores behind a cell of the leaderboards, and its numbers from them",
        "results.accepted:fill_trace",
        ("scores mitdb --method lrp --metric auc", "scores synthetic --method lrp --metric auc_causal --seed 1 --csv windows.csv"),
    ),
    Verb(
        "results",
        "bring accepted results of an older schema to this one; no value changes",
        "results.accepted:fill_results",
        ("results migrate leaderboards/scores",),
    ),
    Verb("cache", "list, verify or prune what was computed", "data.cache:fill_cache", ("cache list", "cache prune --stage maps")),
    Verb(
        "completion",
        "print what lets a shell complete verbs, options and names",
        "_completion:fill_completion",
        ("completion bash", "completion zsh"),
    ),
)
"""All of them, in the order of the help."""
