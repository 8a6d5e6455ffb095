"""What the code promises about itself: sizes, layers, what it never calls and what it doesn't import to start."""

import ast
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "ecgbench").rglob("*.py"))
BENCHMARK = sorted((ROOT / "benchmark").rglob("*.py"))
GLOBAL_DRAWS = {"seed", "manual_seed", "rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial", "poisson"}
OWN_GENERATORS = {"Generator", "default_rng", "SeedSequence", "PCG64", "MT19937", "BitGenerator", "get_state", "set_state"}
HEAVY = ("torch", "wfdb", "matplotlib", "edfio", "h5py")
LOADS = ("torch.load", "torch.save", "load_state_dict_from_url")


def name_of(path):
    return str(path.relative_to(ROOT))


def parse(path):
    return ast.parse(path.read_text(), name_of(path))


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def body_lines(function):
    """Lines from the first statement after the docstring to the last."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def dotted(node):
    """The name that an expression such as `np.random.seed` spells, or an empty text."""
    if isinstance(node, ast.Name):
        return node.id
    return f"{dotted(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) and dotted(node.value) else ""


def imported(tree):
    """Names of modules that are imported, wherever that is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def global_draws(tree):
    """Uses of a generator that the whole process shares."""
    found = [name for name in imported(tree) if re.match(r"random\b|numpy\.random\.(seed|rand|choice|normal)", name)]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name, keywords = dotted(node.func), {keyword.arg for keyword in node.keywords}
        module, _, function = name.rpartition(".")
        if module in ("np.random", "numpy.random") and function not in OWN_GENERATORS:
            found.append(name)
        if module in ("torch", "torch.random", "torch.cuda") and function in GLOBAL_DRAWS and "generator" not in keywords:
            found.append(name)
        if (
            module in ("nn.init", "torch.nn.init")
            and function.endswith(("uniform_", "normal_", "orthogonal_"))
            and "generator" not in keywords
        ):
            found.append(name)
    return found


def offending(paths, finds):
    """What `finds` finds in each file, by the file's name, without files where it finds nothing."""
    found = {name_of(path): finds(path) for path in paths}
    return {name: value for name, value in found.items() if value}


def pickled(tree):
    """Imports of what pickles, and calls that may unpickle."""
    found = [name for name in imported(tree) if re.match(r"(pickle|cPickle|dill|joblib|cloudpickle|shelve)\b", name)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            allowed = [k.value for k in node.keywords if k.arg == "allow_pickle" and getattr(k.value, "value", True)]
            found += [dotted(node.func)] * (bool(allowed) or (dotted(node.func) in LOADS and not weights_alone(node)))
    return found


def weights_alone(call):
    """Whether it reads tensors and nothing that runs: a state dict that somebody saved with torch, where there is no safetensors file."""
    said = {k.arg: k.value.value for k in call.keywords if isinstance(k.value, ast.Constant)}
    return dotted(call.func) == "torch.load" and said.get("weights_only") is True


def test_files_have_at_most_300_lines():
    assert offending(SOURCES + BENCHMARK, lambda path: max(0, len(path.read_text().splitlines()) - 300)) == {}


def test_modules_of_the_benchmark_have_less_than_60_lines():
    modules = [path for path in BENCHMARK if path.name.startswith("test_")]
    assert offending(modules, lambda path: len(path.read_text().splitlines()) >= 60) == {}


def test_function_bodies_have_at_most_25_lines():
    too_long = offending(SOURCES + BENCHMARK, lambda path: {f.name: body_lines(f) for f in functions(parse(path)) if body_lines(f) > 25})
    assert too_long == {}


def test_files_are_named_after_a_topic():
    assert (
        offending(SOURCES + BENCHMARK, lambda path: path.stem.strip("_") in ("utils", "util", "helpers", "helper", "misc", "common")) == {}
    )


def test_nothing_is_pickled():
    assert offending(SOURCES + BENCHMARK, lambda path: pickled(parse(path))) == {}


def test_no_random_number_comes_from_a_generator_that_others_share():
    assert offending(SOURCES, lambda path: global_draws(parse(path))) == {}


PICKLING = (
    "import pickle",
    "from joblib import load",
    "torch.load(path)",
    "np.load(path, allow_pickle=True)",
    "np.load(path, allow_pickle=flag)",
)


def test_pickles_are_recognised():
    assert all(pickled(ast.parse(source)) for source in PICKLING)
    assert pickled(ast.parse("torch.load(path, weights_only=flag)"))
    assert pickled(ast.parse("np.load(path, allow_pickle=False)")) == []
    assert pickled(ast.parse("torch.load(path, weights_only=True)")) == []


GLOBAL = (
    "import random",
    "from random import choice",
    "np.random.seed(0)",
    "x = numpy.random.normal(size=3)",
    "from numpy.random import rand",
    "torch.manual_seed(1)",
    "torch.randn(3)",
    "nn.init.normal_(weight)",
)
OWN = (
    "np.random.default_rng(0).normal()",
    "def f(generator: np.random.Generator): generator.normal()",
    "torch.Generator().manual_seed(1)",
    "torch.randperm(3, generator=g)",
    "from ecgbench.randomness import window_generator",
)


def test_global_draws_are_recognised():
    assert all(global_draws(ast.parse(source)) for source in GLOBAL)
    assert not any(global_draws(ast.parse(source)) for source in OWN)


def test_long_bodies_are_recognised():
    lines = "\n".join(f"    x = {i}" for i in range(26))
    (function,) = functions(ast.parse(f'def f():\n    """Text\n    of two lines."""\n{lines}\n'))
    assert body_lines(function) == 26


def test_the_program_s_sources_are_found():
    names = {path.name for path in SOURCES}
    assert {"__main__.py", "gradcam.py", "auc.py", "mitdb.py", "address.py"} <= names


def test_lock_holds_digests_of_the_versions_that_the_constraints_name():
    locked = re.findall(r"^(\S+==\S+) \\\n    --hash=sha256:[0-9a-f]{64}", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    named = (ROOT / "constraints.txt").read_text().splitlines()
    assert sorted(line.lower().replace("_", "-") for line in locked) == sorted(line.lower().replace("_", "-") for line in named)
    assert len(named) > 50


def test_layers_import_only_downward():
    (command,) = entry_points(group="console_scripts", name="lint-imports")
    code = f"import sys; from {command.module} import {command.attr}; sys.exit({command.attr}())"
    arguments = [sys.executable, "-c", code, "--config", str(ROOT / "pyproject.toml"), "--no-cache"]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


STARTS = {
    "import": "import ecgbench",
    "command": "import ecgbench.cli",
    "help": "from ecgbench.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass",
    "help of run": "from ecgbench.cli import main\ntry: main(['run', '--help'])\nexcept SystemExit: pass",
    "cells": "from ecgbench.pipeline import Selection; assert Selection(('*',)).cells()",
    "entries": "import ecgbench; assert all([ecgbench.datasets(), ecgbench.methods(), ecgbench.metrics(), ecgbench.models()])",
}


@pytest.mark.parametrize("code", STARTS.values(), ids=STARTS.keys())
def test_starting_does_not_import_what_is_slow(code):
    report = f"import sys; sys.stderr.write(' '.join(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{report}"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""
