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
from ecgbench.errors import DuplicateKeyError, EcgbenchError, UnknownKeyError
from ecgbench.methods import METHODS
from ecgbench.metrics import METRICS
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


def test_undeclared_property_is_refused(package: Path) -> None:
    with pytest.raises(TypeError, match="colour"):
        registry_of(package).register(version=1, reference="", colour="red")(function_of("elsewhere", "gamma"))


def test_broken_module_fails_every_time_and_never_hides_the_others(package: Path) -> None:
    (package / "broken.py").write_text("import nothing_of_that_name")
    registry = registry_of(package)
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match="nothing_of_that_name"):
            registry.keys()


@pytest.mark.parametrize(
    ("key", "hint"),
    [("saliencey", "did you mean saliency?"), ("qqqq", "choose one of auc, saliency."), ("AUC", "choose one of auc, saliency.")],
)
def test_unknown_key_names_the_nearest_or_all(key: str, hint: str) -> None:
    assert unknown("methods", key, {"saliency": 1, "auc": 2}) == f'expected a key of methods, got "{key}"; {hint}'


def test_unknown_key_is_a_key_error_with_a_plain_message(package: Path) -> None:
    with pytest.raises(UnknownKeyError) as caught:
        registry_of(package)["alhpa"]
    assert isinstance(caught.value, KeyError)
    assert isinstance(caught.value, EcgbenchError)
    assert str(caught.value) == 'expected a key of fakes, got "alhpa"; did you mean alpha?'


@pytest.mark.parametrize(
    ("family", "registry"), [("controls", CONTROLS), ("datasets", DATASETS), ("methods", METHODS), ("metrics", METRICS)]
)
def test_called_package_returns_the_entries_by_key(family: str, registry: Registry[Any]) -> None:
    entries = getattr(ecgbench, family)()
    assert list(entries) == registry.keys()
    assert all(isinstance(entry, Entry) and entry.key == key for key, entry in entries.items())


@pytest.mark.parametrize("registry", [CONTROLS, DATASETS, METHODS, METRICS], ids=lambda registry: registry.family)
def test_key_is_the_name_of_its_file(registry: Registry[Any]) -> None:
    assert [entry.function.__module__.rsplit(".", 1)[1] for entry in registry] == registry.keys()


def test_script_adds_a_method_by_register(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(METHODS, "_entries", dict(ecgbench.methods()))
    ecgbench.register("methods", version=1, reference="mine", passes=1)(function_of("script", "my_method"))
    assert ecgbench.methods()["my_method"].reference == "mine"


def test_script_adds_a_control_by_register(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CONTROLS, "_entries", dict(ecgbench.controls()))
    ecgbench.register("controls", version=1, reference="mine", title="mine")(function_of("script", "my_control"))
    assert ecgbench.controls()["my_control"].title == "mine"


def test_script_cannot_take_the_key_of_a_control(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CONTROLS, "_entries", dict(ecgbench.controls()))
    with pytest.raises(DuplicateKeyError, match='expected a new key in controls, got "amplitude"'):
        ecgbench.register("controls", version=1, reference="mine", title="mine")(function_of("script", "amplitude"))


def test_script_cannot_take_the_key_of_an_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(METHODS, "_entries", dict(ecgbench.methods()))
    with pytest.raises(DuplicateKeyError, match="saliency"):
        ecgbench.register("methods", version=1, reference="mine", passes=1)(function_of("script", "saliency"))


def test_unknown_family_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownKeyError, match='expected a key of families, got "method"; did you mean methods'):
        ecgbench.register("method", version=1, reference="mine")


def run(code: str, *paths: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [*paths, ROOT]))}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_installed_distribution_adds_a_method_through_its_entry_point(tmp_path: Path) -> None:
    declared = "@METHODS.register(version=7, reference='theirs', passes=1)\ndef their_method(model, x, target): ...\n"
    (tmp_path / "theirs.py").write_text(f"from ecgbench.methods import METHODS\n{declared}")
    info = tmp_path / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ecgbench.methods]\ntheir_method = theirs\n")
    done = run("import ecgbench; print(ecgbench.methods()['their_method'].version, 'saliency' in ecgbench.methods())", tmp_path)
    assert done.stdout.split() == ["7", "True"], done.stderr


def test_listing_datasets_does_not_import_torch() -> None:
    done = run("import sys, ecgbench; print(list(ecgbench.datasets()), 'torch' in sys.modules)")
    assert done.stdout.strip().endswith("False"), done.stdout + done.stderr
