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

annotations.install()
hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None, max_examples=50, database=None)
hypothesis.settings.load_profile("fixed")


def pytest_collection_finish():
    """What was imported and collected stays: no collection of garbage looks through it again, which in a forked process also copies it."""
    gc.freeze()


@pytest.fixture(scope="session")
def common(tmp_path_factory):
    """Folder of all processes of a run, for what takes long to make and no test changes."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session", autouse=True)
def _simulated_once(common):
    """Each embedded dataset is simulated once in a run."""
    from tests import simulated  # whose imports are to be checked

    simulated.keep_in(common / "simulated")


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
