"""Registries: what is registered, found, refused and suggested."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ecgbench
from ecgbench.controls import CONTROLS
from ecgbench.datasets import DATASETS
from ecgbench.errors import DuplicateKeyError, EcgbenchError, InputError, UnknownKeyError
from ecgbench.methods import METHODS
from ecgbench.metrics import METRICS
from ecgbench.models import MODELS
from ecgbench.registry import Entry, Registry, unknown

ROOT = Path(__file__).parents[1]

MEMBER = """
from {package} import REGISTRY
@REGISTRY.register(version=3, reference="doi:1")
def {name}():
    return "{name}"
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A family's folder with two public modules and a private one."""
    folder = tmp_path / "fakefamily"
    folder.mkdir()
    init = 'from ecgbench.registry import Entry, Registry\nREGISTRY = Registry("fakes", Entry, "fakefamily")\n'
    (folder / "__init__.py").write_text(init)
    for name in ("beta", "alpha"):
        (folder / f"{name}.py").write_text(MEMBER.format(package="fakefamily", name=name))
    (folder / "_private.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.split(".")[0] == "fakefamily"]:
        del sys.modules[name]


def registry_of(package: Path) -> Registry[Any]:
    import importlib

    found: Registry[Any] = importlib.import_module(package.name).REGISTRY
    return found


def function_of(module: str, name: str = "alpha") -> Any:
    def function() -> None:
        pass

    function.__name__, function.__module__ = name, module
    return function


def test_discovery_finds_every_public_module_in_alphabetical_order(package: Path) -> None:
    assert registry_of(package).keys() == ["alpha", "beta"]


def test_entry_holds_the_function_and_what_it_declares(package: Path) -> None:
    entry = registry_of(package)["alpha"]
    assert (entry.key, entry.version, entry.reference, entry.function()) == ("alpha", 3, "doi:1", "alpha")


def test_registering_returns_the_function_unchanged(package: Path) -> None:
    function = function_of("elsewhere", "gamma")
    assert registry_of(package).register(version=1, reference="")(function) is function
    assert "gamma" in registry_of(package)


def test_key_of_another_module_is_refused(package: Path) -> None:
    registry = registry_of(package)
    holder = registry["alpha"]
    with pytest.raises(DuplicateKeyError, match=r'got "alpha" from elsewhere, which fakefamily\.alpha holds; rename'):
        registry.register(version=1, reference="")(function_of("elsewhere"))
    assert registry["alpha"] is holder


def test_undeclared_or_missing_property_is_refused(package: Path) -> None:
    function = function_of("elsewhere", "gamma")
    for declared, said in (({"version": 1, "reference": "", "colour": "red"}, "colour"), ({"version": 1}, "reference")):
        with pytest.raises(InputError, match=rf"expected what fakes declare .* of gamma, got a declaration with .*'{said}'"):
            registry_of(package).register(**declared)(function)
    assert "gamma" not in registry_of(package)


def test_broken_module_fails_every_time_and_never_hides_the_others(package: Path) -> None:
    (package / "broken.py").write_text("import nothing_of_that_name")
    registry = registry_of(package)
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match="nothing_of_that_name"):
            registry.keys()


@pytest.mark.parametrize(
    ("key", "hint"),
    [("saliencey", "did you mean saliency?"), ("qqqq", "choose one of auc, saliency."), ("AUC", "did you mean auc?")],
)
def test_unknown_key_names_the_nearest_or_all(key: str, hint: str) -> None:
    assert unknown("methods", key, {"saliency": 1, "auc": 2}) == f'expected a key of methods, got "{key}"; {hint}'


def test_unknown_key_is_a_key_error_with_a_plain_message(package: Path) -> None:
    with pytest.raises(UnknownKeyError) as caught:
        registry_of(package)["alhpa"]
    assert isinstance(caught.value, KeyError)
    assert isinstance(caught.value, EcgbenchError)
    assert str(caught.value) == 'expected a key of fakes, got "alhpa"; did you mean alpha?'


AXES: dict[str, Registry[Any]] = {"controls": CONTROLS, "datasets": DATASETS, "methods": METHODS, "metrics": METRICS, "models": MODELS}


def test_called_packages_return_the_entries_by_key_which_is_the_name_of_their_files() -> None:
    for axis, registry in AXES.items():
        entries = getattr(ecgbench, axis)()
        assert registry.name == axis
        assert list(entries) == registry.keys()
        assert all(isinstance(entry, Entry) and entry.key == key for key, entry in entries.items())
        assert [entry.function.__module__.rsplit(".", 1)[1] for entry in registry] == registry.keys()


METRIC = {"version": 1, "reference": "mine", "higher_is_better": True, "bounds": (0, 1), "needs": (), "atol": 0, "family": "localisation"}
DECLARED: dict[str, dict[str, Any]] = {
    "methods": {"version": 1, "reference": "mine", "passes": 1},
    "metrics": METRIC,
    "models": {"version": 1, "reference": "mine", "title": "mine"},
    "controls": {"version": 1, "reference": "mine", "title": "mine"},
}


@pytest.mark.usefixtures("registries_restored")
@pytest.mark.parametrize("axis", DECLARED)
def test_script_adds_an_entry_by_register_under_a_key_of_its_own(axis: str) -> None:
    ecgbench.register(axis, **DECLARED[axis])(function_of("script", "mine"))
    assert AXES[axis]["mine"].reference == "mine"
    taken = AXES[axis].keys()[-1]
    with pytest.raises(DuplicateKeyError, match=f'expected a new key in {axis}, got "{taken}" from script'):
        ecgbench.register(axis, **DECLARED[axis])(function_of("script", taken))


@pytest.mark.usefixtures("registries_restored")
@pytest.mark.parametrize(
    ("axis", "changed", "known"),
    [
        ("methods", {"needs": ("colour",)}, "generators, generator, noise_generators, batch_size, normal_windows"),
        ("metrics", {"needs": ("colour",)}, "mask, x, target, evaluate, explain, seed, multilabel, shared, curves, steps"),
        ("metrics", {"shared": lambda x, colour, share=0.1: {}}, "mask, x, target, evaluate"),
        ("models", {"needs": ("colour",)}, "seed"),
    ],
)
def test_need_that_nobody_supplies_is_refused_with_those_that_there_are(axis: str, changed: dict[str, Any], known: str) -> None:
    with pytest.raises(InputError, match=f'expected needs of mine among {known}.*, got "colour"; ask for one of these, or for an option'):
        ecgbench.register(axis, **DECLARED[axis] | changed)(function_of("script", "mine"))
    assert "mine" not in AXES[axis]


@pytest.mark.parametrize("axis", DECLARED)
def test_property_that_no_entry_of_the_axis_has_is_refused(axis: str) -> None:
    with pytest.raises(InputError, match=f"expected what {axis} declare .* of mine, got a declaration with .*'colour'"):
        ecgbench.register(axis, **DECLARED[axis], colour="red")(function_of("script", "mine"))


def test_recipe_of_an_architecture_names_what_a_recipe_has() -> None:
    with pytest.raises(InputError, match=r'expected a recipe of mine of .*epochs.*, got "epoch"'):
        ecgbench.register("models", **DECLARED["models"], recipe={"epoch": 3})(function_of("script", "mine"))


@pytest.mark.usefixtures("registries_restored")
def test_metric_is_of_a_family_that_was_registered() -> None:
    with pytest.raises(UnknownKeyError, match='expected a key of families, got "localization"; did you mean localisation'):
        ecgbench.register("metrics", **METRIC | {"family": "localization"})(function_of("script", "mine"))
    family = ecgbench.register_family("sparsity", "Sparsity", "Is it sparse?")
    ecgbench.register("metrics", **METRIC | {"family": "sparsity"})(function_of("script", "mine"))
    assert METRICS["mine"].question is family
    assert ecgbench.register_family("sparsity", "Sparsity", "Is it sparse?") == family
    with pytest.raises(DuplicateKeyError, match='expected a new key in families, got "sparsity"'):
        ecgbench.register_family("sparsity", "Sparsity", "Is it empty?")


def test_unknown_axis_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownKeyError, match='expected a key of axes, got "method"; did you mean methods'):
        ecgbench.register("method", version=1, reference="mine")


def run(code: str, *paths: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [*paths, ROOT]))}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_installed_distribution_adds_entries_through_its_entry_points(tmp_path: Path) -> None:
    declared = "@METHODS.register(version=7, reference='theirs', passes=1)\ndef their_method(model, x, target): ...\n"
    model = "@MODELS.register(version=8, reference='theirs', title='theirs')\ndef their_model(leads, samples, outputs): ...\n"
    (tmp_path / "theirs.py").write_text(f"from ecgbench.methods import METHODS\nfrom ecgbench.models import MODELS\n{declared}{model}")
    info = tmp_path / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ecgbench.methods]\ntheir_method = theirs\n[ecgbench.models]\ntheir_model = theirs\n")
    code = "import ecgbench; print(ecgbench.methods()['their_method'].version, ecgbench.models()['their_model'].version)"
    done = run(f"{code}; print('saliency' in ecgbench.methods())", tmp_path)
    assert done.stdout.split() == ["7", "8", "True"], done.stderr


def test_entry_point_that_fails_is_named_and_takes_no_other_entry_away(tmp_path: Path) -> None:
    declared = "from ecgbench.methods import METHODS\n@METHODS.register(version=7, reference='theirs', passes=1)\n"
    (tmp_path / "theirs.py").write_text(declared + "def sound(model, x, target): ...\n")
    (tmp_path / "torn.py").write_text("import nothing_of_that_name")
    (tmp_path / "ends.py").write_text("import sys; sys.exit(3)")
    info = tmp_path / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    points = {"torn": "torn", "sound": "theirs", "ends": "ends"}
    (info / "entry_points.txt").write_text("[ecgbench.methods]\n" + "".join(f"{key} = {module}\n" for key, module in points.items()))
    code = """
import ecgbench, ecgbench.errors
print(ecgbench.methods()["sound"].version, "saliency" in ecgbench.methods())
for key in ("torn", "ends"):
    try:
        ecgbench.explain(None, None, 0, key)
    except ecgbench.errors.UnknownKeyError as error:
        print(error)
"""
    done = run(code, tmp_path)
    assert done.stdout.splitlines()[0] == "7 True", done.stderr
    for key, reason in (("torn", "ModuleNotFoundError: No module named 'nothing_of_that_name'"), ("ends", "SystemExit: 3")):
        why = f'expected the entry point {key} = "{key}" (ecgbench.methods) of package theirs to load, got {reason}; mend or uninstall'
        assert f"EntryPointWarning: {why}" in done.stderr
        assert why in done.stdout


def test_listing_entries_does_not_import_torch() -> None:
    done = run("import sys, ecgbench; print(list(ecgbench.datasets()), list(ecgbench.models()), 'torch' in sys.modules)")
    assert done.stdout.strip().endswith("False"), done.stdout + done.stderr
