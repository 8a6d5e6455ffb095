"""The benchmark's side of pytest: options, which cells become tests, their order, and what happens to their scores."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ecgbench.datasets import DATASETS
from ecgbench.errors import EcgbenchError, MissingDataError, NotStoredError
from ecgbench.pipeline import (
    DATA_ARGUMENTS,
    RUN_ARGUMENTS,
    SELECTION_ARGUMENTS,
    Cell,
    Selection,
    options_from,
    selection_from,
    split_metric,
)

if TYPE_CHECKING:
    from ecgbench.pipeline import Run

ORDER = ("test_models", "test_attributions", "test_localisation", "test_faithfulness", "test_crosscheck")
BEGAN = "ecgbench_began"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("ecgbench")
    for flag, options in {**SELECTION_ARGUMENTS, **DATA_ARGUMENTS, **RUN_ARGUMENTS}.items():
        group.addoption(flag, **options)
    group.addoption("--scores", type=Path, help="folder of the accepted results (default leaderboards/scores)")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", "default::ecgbench.artifacts.DamagedArtifactWarning")
    config.option.benchmark_quiet = not config.option.benchmark_verbose
    config.option.scores = config.option.scores or config.rootpath / "leaderboards" / "scores"
    config.option.began = getattr(config, "workerinput", {}).get(BEGAN, time.time())
    try:
        config.option.run_options = options_from(config.option, config.option.began)
        config.option.selection = _selection(config)
        config.option.selection.cells()
    except EcgbenchError as error:
        raise pytest.UsageError(str(error)) from error
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Outcomes(config), "ecgbench-outcomes")


def _selection(config: pytest.Config) -> Selection:
    """The selected cells; a dataset that `-k` names is there to be selected, whether it needs files or not."""
    chosen = selection_from(config.option)
    if not chosen.datasets and any(key in config.option.keyword for key in DATASETS.keys()):  # noqa: SIM118
        return Selection(("*",), chosen.methods, chosen.metrics, chosen.seeds)
    return chosen


def pytest_report_header(config: pytest.Config) -> str:
    others = [entry.key for entry in DATASETS if entry.key not in config.option.selection.dataset_keys()]
    hint = f"; also there: {', '.join(others)} (--dataset KEY or -k KEY)" if others else ""
    return f"ecgbench: {', '.join(config.option.selection.dataset_keys())}{hint}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    cells = metafunc.config.option.selection.cells()
    if "cell" in metafunc.fixturenames:
        family = metafunc.module.FAMILY
        own = [cell for cell in cells if split_metric(cell.metric)[0].family == family]
        metafunc.parametrize("cell", own, ids=[cell.id for cell in own])
    elif "group" in metafunc.fixturenames:
        explained = [cell for cell in cells if "method" not in metafunc.module.GROUP or not cell.is_control]
        groups = list(dict.fromkeys(tuple(getattr(cell, name) for name in metafunc.module.GROUP) for cell in explained))
        ids = ["-".join(f"seed{value}" if isinstance(value, int) else value for value in group) for group in groups]
        metafunc.parametrize("group", groups, ids=ids)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A dataset after the other, a seed after the other, models first: what cells share is at hand and can be let go."""
    items.sort(key=lambda item: (_place(item.name)[0], _place(item.name)[1], ORDER.index(Path(item.location[0]).stem)))


def _place(name: str) -> tuple[str, str, str]:
    """Dataset, seed and method that a test's name speaks of, as far as it does."""
    dataset, *middle = name.partition("[")[2].removesuffix("]").split("-")
    seed = next((part for part in middle if part.startswith("seed")), "")
    method = middle[0].removesuffix("_abs") if middle and middle[0] != seed else ""
    return dataset, seed, method


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> str:
    return "" if config.option.collectonly else _estimate(config, [item.name for item in items], 1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
    if node.gateway.id == "gw0":
        reporter = node.config.pluginmanager.get_plugin("terminalreporter")
        reporter.write_line(_estimate(node.config, ids, node.workerinput["workercount"]))


def _estimate(config: pytest.Config, names: list[str], workers: int) -> str:
    from ecgbench.pipeline import estimate_seconds

    wanted = {name.partition("[")[2].removesuffix("]") for name in names}
    selected, options = config.option.selection.cells(), config.option.run_options
    cells = [cell for cell in selected if cell.id in wanted]
    health = {(cell.dataset, cell.method, cell.seed) for cell in selected if f"{cell.dataset}-{cell.method}-seed{cell.seed}" in wanted}
    what = f"{len(cells)} cells and the health of {len(health)} methods' maps"
    if not options.store.computing:
        return f"ecgbench: {what}, of which nothing is computed"
    seconds = estimate_seconds(cells, options.samples, health, options.edition) / workers
    return f"ecgbench: {what}, about {seconds:.0f} s (training not counted) if nothing of them is in the store"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput[BEGAN] = node.config.option.began


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Send cells that share a dataset, seed and method to one worker."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "-".join(_place(nodeid))

    return Scheduling(config, log)


@pytest.fixture(scope="session")
def run(request: pytest.FixtureRequest) -> Run:
    """What computes the session's cells; a worker has its share of the threads, and does not know which methods the others compute."""
    import torch

    from ecgbench.pipeline import Run

    workers = getattr(request.config, "workerinput", {}).get("workercount", 1)
    torch.set_num_threads(max(1, torch.get_num_threads() // workers))
    asked = [item.callspec.params["cell"] for item in request.session.items if "cell" in getattr(item, "fixturenames", ())]
    # A module of whose family no cell is selected has one test, which is skipped and has no cell.
    cells = [cell for cell in asked if isinstance(cell, Cell)]
    return Run(request.config.option.run_options, wanted=cells, by_method=workers > 1)


@pytest.fixture(scope="session")
def scores_root(request: pytest.FixtureRequest) -> Path:
    root: Path = request.config.option.scores
    return root


@pytest.fixture(autouse=True)
def _records_are_here(request: pytest.FixtureRequest, run: Run) -> None:
    try:
        run.dataset(_place(request.node.name)[0])
    except MissingDataError as error:
        pytest.skip(str(error))
    except NotStoredError:
        return  # the test itself asks for the dataset, and fails with what it lacks


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Any:
    """What may not be computed and is not stored fails in a line, with the command that computes it."""
    from ecgbench.pipeline import cell_flags, not_stored

    try:
        return (yield)
    except NotStoredError as error:
        given = pyfuncitem.callspec.params
        if "cell" in given:
            what, flags = f"scores of {given['cell'].id}", cell_flags(given["cell"])
        else:
            names = ("seeds" if name == "seed" else name for name in pyfuncitem.module.GROUP)
            what, flags = f"results behind {pyfuncitem.name}", dict(zip(names, map(str, given["group"]), strict=True))
        pytest.fail(not_stored(pyfuncitem.funcargs["run"], what, flags, error), pytrace=False)


@pytest.fixture
def score_cell(request: pytest.FixtureRequest, run: Run, benchmark: Any) -> Callable[[Cell], None]:
    """Compute a cell, timed, and check it against what was accepted."""
    from ecgbench.pipeline import judge

    option = request.config.option

    def score(cell: Cell) -> None:
        scores = benchmark.pedantic(run.scores, (cell,), rounds=1, iterations=1)
        benchmark.extra_info.update(cached=scores.cached, seconds=scores.seconds)
        verdict = judge(run, cell, scores, option.scores, option.update_scores)
        mean = None if scores.undefined == len(scores.values) else scores.mean
        outcome = {"cell": list(cell), "mean": mean, "cached": scores.cached, "status": verdict.status}
        request.node.user_properties.append(("ecgbench", outcome))
        if verdict.fails(option.check_only):
            pytest.fail(verdict.message, pytrace=False)

    return score


class Outcomes:
    """What the cells' tests reported, wherever they ran; on the controller it becomes tables and accepted results."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.cells: dict[Cell, dict[str, Any]] = {}
        self.others = 0
        self.skipped: list[str] = []
        self.crosschecks: list[str] = []
        self.health: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.cells |= {Cell(*value["cell"]): value for name, value in report.user_properties if name == "ecgbench"}
        said = report.user_properties if report.when == "call" else []
        self.crosschecks += [value for name, value in said if name == "crosscheck"]
        self.health += [value for name, value in said if name == "health"]
        if report.skipped and isinstance(report.longrepr, tuple):
            self.skipped.append(report.longrepr[2])
        self.others += report.when == "call" and not report.skipped

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        option = self.config.option
        if option.collectonly or self.config.option.help:
            return
        healthy = [cell for cell, found in self.cells.items() if found["status"] == "updated"]
        if healthy:
            from ecgbench.pipeline import Run, accept

            accept(Run(option.run_options), healthy, option.scores)
        if not self.others and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        from ecgbench.pipeline import health_table, score_table

        if self.config.option.collectonly:
            return
        if not self.others:
            why = self.skipped[0] if self.skipped else "the selection holds no cell; see --dataset, --method, --metric, --seeds and -k"
            terminalreporter.write_line(f"ecgbench: no cell was computed: {why}", red=True)
        means = {cell: float("nan") if found["mean"] is None else found["mean"] for cell, found in self.cells.items()}
        for dataset in dict.fromkeys(cell.dataset for cell in means):
            terminalreporter.write_line("\n" + score_table(dataset, means))
        for dataset in dict.fromkeys(found["dataset"] for found in self.health):
            terminalreporter.write_line("\n" + health_table(dataset, self.health))
        for line in self.crosschecks:
            terminalreporter.write_line(f"beside Quantus: {line}")
        if means:
            terminalreporter.write_line("\n" + self._counts())

    def _counts(self) -> str:
        found = list(self.cells.values())
        cached, new = sum(value["cached"] for value in found), sum(value["status"] == "no_baseline" for value in found)
        accepted = "accepted now" if self.config.option.update_scores else f"{new} with no accepted result"
        return f"ecgbench: {len(found)} cells, {cached} cached, {accepted}"
