"""What all tests share: annotations checked while they run, fixed random examples, a store of their own, the real files."""

import functools
import gc
import os
import subprocess
import sys
from pathlib import Path

import filelock
import hypothesis
import pytest

from tests import annotations

# Tests start dozens of interpreters: what the first has compiled the others read, whatever the user's shell says of compiled files.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Threads that wait for others on the same core do so asleep: torch reads this when it is imported, which is later.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

annotations.install()
hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None, max_examples=50, database=None)
hypothesis.settings.load_profile("fixed")


def pytest_collection_finish():
    """What was imported and collected stays: no collection of garbage looks through it again, which in a forked process also copies it."""
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Of several processes each goes through folders in one go, so that few make the same things, and takes from others at the end."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.option.dist == "load" else None


@pytest.fixture(scope="session", autouse=True)
def _simulated(simulated_once):
    """For all tests (see the fixture)."""


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory):
    """No test reads or writes the user's records and artifacts."""
    folder = tmp_path_factory.mktemp("user")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGBENCH_CACHE", str(folder / "artifacts"))
        patch.setenv("ECGBENCH_DATA", str(folder / "data"))
        yield


@pytest.fixture(scope="session")
def shared():
    """Folder of the golden files and the real records."""
    folder = Path(os.environ.get("ECGBENCH_SHARED", "../shared")).resolve()
    if not folder.is_dir():
        pytest.skip(f"no golden files in {folder}; set ECGBENCH_SHARED")
    return folder


@pytest.fixture(scope="session")
def reference(shared):
    return shared / "reference"


@pytest.fixture(scope="session")
def unpacked(shared, common):
    """Of an archive of real records, the root below which it is unpacked; all archives are below one, laid out as `ECGBENCH_DATA` is."""
    folder = common / "records"

    @functools.cache
    def root(name):
        if not (shared / "data" / f"{name}.tar.xz").is_file():
            pytest.skip(f"no real records of {name} in {shared / 'data'}")
        with filelock.FileLock(common / "unpacking.lock"):  # the script leaves alone what is there and whole
            subprocess.run(["sh", str(shared / "data" / "unpack.sh"), str(folder), name], check=True, stdout=subprocess.DEVNULL)
        return folder

    return root


@pytest.fixture(scope="session")
def records(unpacked):
    """Root of the real mitdb, laid out as `ECGBENCH_DATA` is."""
    return unpacked("mitdb")
