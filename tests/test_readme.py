"""What the documents say exists: commands, options, keys, files, names of the contract, messages, examples."""

import argparse
import ast
import inspect
import re
import shlex
import tomllib
from pathlib import Path

import numpy as np
import pytest

import ecgbench
from ecgbench import cli, pipeline
from ecgbench.controls import CONTROLS, control_maps
from ecgbench.datasets import DATASETS
from ecgbench.errors import MissingDataError, NotStoredError
from ecgbench.methods import METHODS
from ecgbench.metrics import FAMILIES, METRICS
from ecgbench.models import MODELS, RECIPES
from ecgbench.pipeline import CLUSTER_ARGUMENTS, DATA_ARGUMENTS, RUN_ARGUMENTS, SELECTION_ARGUMENTS, selection_from
from ecgbench.results import Cell, Fresh, Identity, SourceResults, compare
from ecgbench.testing import check_entry
from tests.benchmark.bench import Bench
from tests.controls.scenes import scene

ROOT = Path(__file__).parents[1]
REFERENCE = "docs/reference.md"
DOCUMENTS = [
    "README.md",
    REFERENCE,
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "docs/decisions.md",
    "docs/own_model.md",
    "docs/index.md",
    "docs/cluster.md",
    "docs/gpu.md",
]
TUTORIALS = [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("docs/tutorials/*.md"))]
COMMANDS = ("pytest benchmark", "OMP_NUM_THREADS=1 pytest -n 2 -m 'not slow'")
INSTALL = "python -m venv .venv && . .venv/bin/activate && python -m pip install -c constraints.txt -e '.[dev]' &&"


def text(document: str) -> str:
    return (ROOT / document).read_text()


def own_text(document: str) -> str:
    """The document without the generated excerpt."""
    return re.sub(r"(<!-- leaderboard:begin[^\n]*\n).*?(<!-- leaderboard:end)", r"\1\2", text(document), flags=re.DOTALL)


def blocks(document: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text(document), flags=re.DOTALL | re.MULTILINE)


def commands(program: str) -> list[str]:
    """Commands of the documents: lines of shell blocks, parts of joined ones, code spans, ends of messages."""
    lines = [line for name in DOCUMENTS for line in re.split(r"\n|&&", "\n".join(blocks(name, "sh")))]
    lines += [span for name in DOCUMENTS for span in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", own_text(name))]
    lines += [line.rpartition(": ")[2] for line in "".join(blocks("CONTRIBUTING.md", "text")).splitlines()]
    found = {line.strip() for line in lines}
    return sorted(line for line in found if line.startswith(program + " "))


def benchmark_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(exit_on_error=False)
    for flag, options in {**SELECTION_ARGUMENTS, **DATA_ARGUMENTS, **RUN_ARGUMENTS, **CLUSTER_ARGUMENTS}.items():
        parser.add_argument(flag, **options)
    parser.add_argument("-k")
    parser.add_argument("-n")
    return parser


@pytest.fixture(scope="module")
def benchmark_help(tmp_path_factory: pytest.TempPathFactory) -> str:
    return Bench(tmp_path_factory.mktemp("bench"))("--help")


@pytest.mark.parametrize("line", [f"{INSTALL} {command}\n" for command in COMMANDS], ids=["benchmark", "tests"])
def test_readme_has_the_command_that_does_everything(line):
    assert line in blocks("README.md", "sh")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_installation_is_constrained(name):
    assert all("-c constraints.txt" in line for line in text(name).splitlines() if "pip install" in line)


@pytest.mark.parametrize("command", commands("ecgbench"))
def test_command_is_understood(command):
    verb, *rest = shlex.split(command)[1:]
    if rest or verb == "datasets":
        assert cli.whole_parser()[0].parse_args([verb, *rest]).verb == verb
    else:
        with pytest.raises(SystemExit) as ended:
            cli.main([verb, "--help"])
        assert ended.value.code == 0


@pytest.mark.parametrize("command", commands("pytest benchmark"))
def test_benchmark_command_selects_cells(command):
    assert selection_from(benchmark_parser().parse_args(shlex.split(command)[2:])).cells()


def test_every_option_that_is_named_exists(benchmark_help, capsys):
    verbs = {command.split()[1] for command in commands("ecgbench")}
    for verb in verbs:
        with pytest.raises(SystemExit):
            cli.main([verb, "--help"])
    known = set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", benchmark_help + capsys.readouterr().out))
    spans = [span for name in DOCUMENTS for span in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", own_text(name))]
    ours = [span for span in spans if span.startswith("-") or span.split()[0] in ("pytest", "ecgbench")]
    assert {flag for span in ours for flag in re.findall(r"(?<!\S)--?[a-z][a-z-]*", span)} <= known


@pytest.mark.parametrize("name", DOCUMENTS + TUTORIALS)
def test_linked_files_exist(name):
    links = re.findall(r"\]\(([^)\s]+)\)", text(name))
    files = [link.partition("#")[0] for link in links if "://" not in link]
    assert not [file for file in files if not (ROOT / name).parent.joinpath(file).exists()]


def test_links_within_the_readme_lead_to_headings():
    anchors = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", text("README.md"), re.M)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", text("README.md"))) <= anchors


@pytest.mark.parametrize("family", ["controls", "datasets", "methods", "metrics"])
def test_reference_has_a_row_for_every_entry_and_no_other(family):
    rows = re.findall(rf"^\| \[`(\w+)`\]\(\.\./ecgbench/{family}/(\w+)\.py\)", text(REFERENCE), re.M)
    assert all(key == file for key, file in rows)
    assert sorted(key for key, _ in rows) == list(getattr(ecgbench, family)())


def test_reference_has_a_row_for_every_recipe_and_no_other():
    rows = re.findall(r"^\| \[`(\w+)`\]\(\.\./ecgbench/models/recipes/(\w+)\.py\)", text(REFERENCE), re.M)
    assert [key for key, _ in rows] == [file for _, file in rows] == RECIPES.keys()


def test_contract_is_what_the_package_offers():
    calls = [ast.parse(line, mode="eval").body for line in blocks(REFERENCE, "text")[0].splitlines()]
    assert sorted(call.func.attr for call in calls) == sorted(set(ecgbench.__all__) - {"__version__"})
    for call in calls:
        parameters = inspect.signature(getattr(ecgbench, call.func.attr)).parameters
        given = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords if keyword.arg}
        assert [argument.id for argument in call.args] == [*parameters][: len(call.args)]
        assert {name: parameters[name].default for name in given} == given


def test_failures_read_as_the_guide_quotes_them():
    old = Cell("abs", "auc", 1, 0.931, 64, 0, 0.902, 0.957, 1.0, "old")
    new = Cell("abs", "auc", 1, 0.948, 64, 0, 0.921, 0.969, 1.0, "new")
    identity = Identity("mitdb", "", "resnet18_7", "", "standard", "aami", "ours", 64, "own", False, "of these windows")
    far = Cell("abs", "auc", 1, 0.99, 64, 0, 0.97, 0.995, 1.0, "far")

    def said(cell, model="model", accepted=(old,), torch="2.13.0"):
        models, provenance = {"1": {"digest": "model"}}, {"packages": {"torch": "2.13.0"}}
        results = SourceResults("saliency", identity, models, {}, provenance, (), {}, {}, {}, accepted) if accepted is not None else None
        command = "pytest benchmark --dataset mitdb --method saliency_abs --metric auc --seeds 1 --update-scores"
        fresh = Fresh("mitdb-resnet18_7-saliency_abs-auc-seed1", cell, identity, model, {}, {"torch": torch})
        return compare(fresh, results, 1e-6, command).message

    quoted = "".join(blocks("CONTRIBUTING.md", "text")).splitlines()
    assert [said(new), said(far, "other"), said(new, accepted=()), said(new, accepted=None)] == quoted[-5:-1]
    cause = re.search(r"Likely cause: (.*)\. To accept", said(new, torch="2.14.0"))[1]
    assert f"`{cause}`" in text("CONTRIBUTING.md")


def test_what_is_not_stored_reads_as_the_guide_quotes_it():
    one = pipeline.Address("mitdb", DATASETS["mitdb"].default_model(), "saliency", "abs", "auc", 1)
    error = NotStoredError("scores", "3f1c9e0d7a55" + 52 * "0", "none in /home/me/.cache/ecgbench/artifacts")
    said = pipeline.not_stored(pipeline.Run(pipeline.Options()), f"scores of {one.id}", one.flags, error)
    assert said == "".join(blocks("CONTRIBUTING.md", "text")).splitlines()[-1]


EXAMPLE = re.compile(
    r"`(\w+)/(?:(\w+)/)?(?:(\w+)/)?(\w+)\.py` (?:would|could) be:\n\n```python\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE
)
"""A file of the guide: its folders, its name and its text."""


@pytest.fixture
def examples(registries_restored):
    """Entries of the guide's examples, by key."""
    for *folders, name, code in EXAMPLE.findall(text("CONTRIBUTING.md")):
        module = ".".join(part for part in (*folders, name) if part)
        exec(compile(code, f"{name}.py", "exec"), {"__name__": module})
    added = {
        "smoothgrad_squared": METHODS,
        "ramp": CONTROLS,
        "sparseness": METRICS,
        "sparsity": FAMILIES,
        "fcn": MODELS,
        "longer": RECIPES,
        "exampledb": DATASETS,
    }
    return {key: registry[key] for key, registry in {**added, "bumps": DATASETS}.items()}


@pytest.mark.parametrize("key", ["smoothgrad_squared", "ramp", "sparseness", "sparsity", "fcn", "longer", "exampledb", "bumps"])
def test_example_passes_the_trials_of_all_entries(examples, key):
    check_entry(examples[key])


def test_example_of_a_method_is_the_squared_gradient_of_a_linear_model(examples):
    import torch

    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(32, 2)).double()
    maps = ecgbench.explain(model, np.random.default_rng(0).standard_normal((3, 1, 32)), 1, "smoothgrad_squared", copies=3)
    weights = model[1].weight.detach().numpy()[1]
    np.testing.assert_allclose(maps[:, 0], np.broadcast_to(weights**2, (3, 32)), rtol=1e-12)


def test_example_of_a_control_is_a_ramp(examples):
    looked_at = scene()
    np.testing.assert_allclose(control_maps("ramp", looked_at)[..., [0, -1]], np.broadcast_to([0, 1], (*looked_at.shape[:2], 2)))


def test_example_of_a_metric_is_gini_s_index(examples):
    maps = np.random.default_rng(0).normal(size=(3, 2, 20))
    values = np.abs(maps).reshape(3, 40)
    differences = np.abs(values[:, :, None] - values[:, None]).sum(axis=(1, 2))
    np.testing.assert_allclose(ecgbench.score("sparseness", maps), differences / (2 * 40 * values.sum(axis=1)), rtol=1e-12)
    assert ecgbench.score("sparseness", np.ones((1, 2, 20))) == pytest.approx(0, abs=1e-12)


def test_example_of_a_dataset_asks_for_its_records(examples):
    with pytest.raises(MissingDataError, match=r"exampledb/1\.0\.0"):
        ecgbench.load_dataset("exampledb")


def test_entry_points_of_the_guide_name_the_examples(examples):
    (toml,) = blocks("CONTRIBUTING.md", "toml")
    groups = {group: {**points} for group, points in tomllib.loads(toml)["project"]["entry-points"].items()}
    assert {key for points in groups.values() for key in points} == examples.keys() - {"exampledb"}
    names = {name for *_, name, _ in EXAMPLE.findall(text("CONTRIBUTING.md"))}
    assert {module.rpartition(".")[2] for points in groups.values() for module in points.values()} == names - {"exampledb"}
