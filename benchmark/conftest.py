"""The benchmark's side of pytest: options, which cells become tests, their order, and what happens to their scores."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from benchmark._arguments import all_arguments
from benchmark._cluster import fill_store, filled_run, named_cluster
from benchmark._crosscheck import crosschecks
from benchmark._estimate import estimate
from benchmark._refused import refused_cell
from benchmark._summary import summary
from ecgbench.datasets import DATASETS
from ecgbench.errors import EcgbenchError, MissingDataError, NotStoredError, RefusedError, UnavailableError
from ecgbench.metrics import METRICS
from ecgbench.pipeline import (
    CLUSTER_ARGUMENTS,
    DATA_ARGUMENTS,
    RUN_ARGUMENTS,
    SELECTION_ARGUMENTS,
    Address,
    ModelAddress,
    Selection,
    healthy_maps,
    models,
    options_from,
    selection_from,
)
from ecgbench.untrusted.texts import folder_path, refuse_lost_values

if TYPE_CHECKING:
    from ecgbench.pipeline import Accepted, Run

WHAT: dict[str, Callable[[list[Address]], list[Any]]] = {
    "cell": list,
    "maps_of": healthy_maps,
    "model_of": models,
    "crossed": crosschecks,
}
"""What a test can be about, by the name of its argument, and how it follows from the selected cells."""

ORDER = ("test_models", "test_maps", "test_cells", "test_crosscheck")
BEGAN = "ecgbench_began"


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    config = pluginmanager.get_plugin("pytestconfig")
    with _usage():
        refuse_lost_values(all_arguments(config) if config else ())
    group = parser.getgroup("ecgbench")
    for flag, options in {**SELECTION_ARGUMENTS, **DATA_ARGUMENTS, **RUN_ARGUMENTS, **CLUSTER_ARGUMENTS}.items():
        group.addoption(flag, **options)
    group.addoption("--scores", help="folder of the accepted results (default leaderboards/scores)")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", "default::ecgbench.artifacts.DamagedArtifactWarning")
    config.addinivalue_line("filterwarnings", "default::ecgbench.errors.EntryPointWarning")
    config.option.benchmark_quiet = not config.option.benchmark_verbose
    config.option.began = getattr(config, "workerinput", {}).get(BEGAN, time.time())
    with _usage():
        config.option.scores = folder_path(str(config.option.scores or config.rootpath / "leaderboards" / "scores"))
        config.option.run_options = options_from(config.option, config.option.began)
        config.option.selection = _selection(config)
        config.option.selection.cells()
        named_cluster(config)
        _check_scores(config)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Outcomes(config), "ecgbench-outcomes")


def _check_scores(config: pytest.Config) -> None:
    """Refuse a place without accepted results before hours go into what would be compared with nothing."""
    option = config.option
    if not (option.collectonly or option.help or hasattr(config, "workerinput")):
        from ecgbench.results import check_folder

        check_folder(option.scores, option.update_scores, option.allow_new)


@contextmanager
def _usage() -> Iterator[None]:
    """What is wrong with the options, in a line as pytest says it."""
    try:
        yield
    except EcgbenchError as error:
        raise pytest.UsageError(str(error)) from error


def _selection(config: pytest.Config) -> Selection:
    """The selected cells; a dataset or a metric that `-k` names is there to be selected, whether it is by default or not."""
    left_out = [entry.key for entry in METRICS if not entry.by_default]
    return selection_from(config.option, _all_if_named(config, DATASETS.keys()), _all_if_named(config, left_out))


def _all_if_named(config: pytest.Config, keys: Iterable[str]) -> tuple[str, ...]:
    """All entries of an axis if `-k` names one of some, else what is selected by default."""
    return ("*",) if any(key in config.option.keyword for key in keys) else ()


def pytest_report_header(config: pytest.Config) -> str:
    others = [entry.key for entry in DATASETS if entry.key not in config.option.selection.dataset_keys()]
    hint = f"; also there: {', '.join(others)} (--dataset KEY or -k KEY)" if others else ""
    left_out = config.option.selection.metrics_left_out()
    dear = f"; left out, since methods are asked for further maps: {', '.join(left_out)} (--metric KEY, --metric all or -k KEY)"
    return f"ecgbench: {', '.join(config.option.selection.dataset_keys())}{hint}{dear if left_out else ''}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each thing that it is about: a cell, a source's maps, a model, or a cross-check."""
    for name, of in WHAT.items():
        if name in metafunc.fixturenames:
            found = of(metafunc.config.option.selection.cells())
            metafunc.parametrize(name, found, ids=[one.id for one in found])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A dataset after the other, a model after the other, models first: what cells share is at hand and can be let go."""
    items.sort(key=lambda item: (_model(_about(item)), ORDER.index(Path(item.location[0]).stem)))


def _about(item: Any) -> Any:
    """What a test is about; nothing for the one that stands for an empty selection."""
    given = getattr(getattr(item, "callspec", None), "params", {})
    return next((given[name] for name in WHAT if name in given and hasattr(given[name], "id")), None)


def _model(about: Any) -> tuple[str, str, int]:
    of = about if about is None or isinstance(about, ModelAddress) else about.of_model
    return ("", "", 0) if of is None else (of.dataset, of.model, of.seed)


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> str:
    return "" if config.option.collectonly else estimate(config, [item.name for item in items], 1)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    if not session.config.option.collectonly:
        with _usage():
            fill_store(session.config, [_about(item) for item in session.items])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
    if node.gateway.id == "gw0":
        reporter = node.config.pluginmanager.get_plugin("terminalreporter")
        reporter.write_line(estimate(node.config, ids, node.workerinput["workercount"]))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput[BEGAN] = node.config.option.began


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from benchmark._workers import scheduler

    return scheduler(config, log, config.option.selection.cells())


@pytest.fixture(scope="session")
def run(request: pytest.FixtureRequest) -> Run:
    """What computes the session's cells."""
    from benchmark._workers import share_threads
    from ecgbench.pipeline import Run

    share_threads(request.config)
    filled = filled_run(request.config)
    if filled is not None:
        return filled
    asked = [_about(item) for item in request.session.items]
    return Run(request.config.option.run_options, wanted=[about for about in asked if isinstance(about, Address)])


@pytest.fixture(scope="session")
def scores_root(request: pytest.FixtureRequest) -> Path:
    return Path(request.config.option.scores)


@pytest.fixture(autouse=True)
def _records_are_here(request: pytest.FixtureRequest, run: Run) -> None:
    try:
        about = _about(request.node)
        if about is not None:
            run.dataset(about.dataset)
    except MissingDataError as error:
        pytest.skip(str(error))
    except NotStoredError:
        return  # the test itself asks for the dataset, and fails with what it lacks


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Any:
    """What may not be computed and is not stored fails in a line, with the command that computes it; so does what ended workers."""
    from ecgbench.pipeline import not_stored

    try:
        return (yield)
    except NotStoredError as error:
        about = _about(pyfuncitem)
        what = f"scores of {about.id}" if isinstance(about, Address) else f"results behind {pyfuncitem.name}"
        pytest.fail(not_stored(pyfuncitem.funcargs["run"], what, about.flags, error), pytrace=False)
    except UnavailableError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def score_cell(request: pytest.FixtureRequest, run: Run, benchmark: Any) -> Callable[[Address], None]:
    """Compute a cell, timed, and check it against what was accepted."""
    from ecgbench.pipeline import judge, refuse_missed_sum

    option = request.config.option

    def score(cell: Address) -> None:
        try:
            scores = benchmark.pedantic(run.scores, (cell,), rounds=1, iterations=1)
            refuse_missed_sum(run, cell.of_maps, option.scores, option.update_scores)
        except RefusedError as error:
            request.node.user_properties.append(("ecgbench", refused_cell(run, cell, error, option)))
            return
        benchmark.extra_info.update(cached=scores.cached, seconds=scores.seconds)
        verdict = judge(run, cell, scores, option.scores, option.update_scores)
        mean = None if scores.undefined == len(scores.values) else scores.mean
        outcome = {"cell": cell.as_dict(), "mean": mean, "cached": scores.cached, "status": verdict.status}
        request.node.user_properties.append(("ecgbench", outcome))
        if verdict.fails(option.check_only and not option.allow_new):
            pytest.fail(verdict.message, pytrace=False)

    return score


class Outcomes:
    """What the cells' tests reported, wherever they ran; on the controller it becomes tables and accepted results."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.cells: dict[Address, dict[str, Any]] = {}
        self.others = 0
        self.skipped: list[str] = []
        self.crosschecks: list[str] = []
        self.health: list[dict[str, Any]] = []
        self.not_accepted = ""
        self.written: list[Accepted] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.cells |= {Address(**value["cell"]): value for name, value in report.user_properties if name == "ecgbench"}
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
            self._accept(session, healthy)
        if not self.others and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED

    def _accept(self, session: pytest.Session, cells: list[Address]) -> None:
        from ecgbench.pipeline import Run, accept

        try:
            self.written = accept(Run(self.config.option.run_options), cells, self.config.option.scores)
        except EcgbenchError as error:
            self.not_accepted = str(error)
            session.exitstatus = pytest.ExitCode.USAGE_ERROR

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> Any:
        """What a reader wants comes last, behind durations and what failed."""
        found = yield
        if not self.config.option.collectonly:
            for line, red in summary(self):
                terminalreporter.write_line(line, red=red)
        return found
