"""Workers that would compute something else are refused."""

import subprocess
import sys

import numpy as np
import pytest

from ecgbench.errors import InputError
from ecgbench.pipeline.cluster.jobs import Setting, first_jobs
from ecgbench.pipeline.cluster.versions import check_alike, described, differences, told
from ecgbench.pipeline.cluster.worker import perform
from tests.pipeline.cluster.clusters import run_on, wanted


class Workers:
    """A client of workers that are described so."""

    def __init__(self, scheduler=None, **descriptions):
        self.scheduler, self.descriptions = scheduler, descriptions

    def run_on_scheduler(self, function):
        return self.scheduler or function()

    def run(self, function):
        assert function() == described()
        return self.descriptions


def test_workers_like_the_client_are_taken():
    check_alike(Workers(one=described(), other=described()))


def test_a_worker_that_cannot_import_ecgbench_is_told_what_to_install():
    with pytest.raises(InputError, match=r"expected worker two to have ecgbench .*No module named.*; pip install .*cluster\]==.* there"):
        check_alike(Workers(one=described(), two="ModuleNotFoundError: No module named 'ecgbench'"))
    with pytest.raises(InputError, match="expected the scheduler to have ecgbench"):
        check_alike(Workers("ModuleNotFoundError: No module named 'ecgbench'", one=described()))


@pytest.mark.parametrize(
    ("what", "there", "said"),
    [
        ("torch", "2.0.0", "torch 2.0.0 instead of "),
        ("method saliency", None, "method saliency absent instead of version 1"),
        ("metric mine", "version 1, options 0", "metric mine version 1, options 0 instead of none"),
    ],
)
def test_a_difference_is_named_with_its_worker_and_the_remedy(what, there, said):
    other = {**described(), what: there}
    if there is None:
        del other[what]
    with pytest.raises(InputError, match=rf"expected worker two .*{said}.*--preload"):
        check_alike(Workers(one=described(), two=other))


def test_a_worker_that_joins_later_refuses_to_compute(tmp_path):
    setting = Setting(run_on(tmp_path, wanted()).options, "nonce", {**described(), "numpy": "1.0"})
    with pytest.raises(InputError, match=r"expected worker on .*numpy .* instead of 1\.0"):
        perform(setting, first_jobs(run_on(tmp_path / "other", wanted()).plan).popitem()[1][0], {}, {})


def test_only_the_first_differences_are_named():
    other = dict.fromkeys(described(), "another")
    assert len(differences(described(), other)) == len(other)
    with pytest.raises(InputError, match=rf" and {len(other) - 5} more; install"):
        check_alike(Workers(one=other))


def test_equal_options_are_told_alike_in_each_process():
    names = set("abcdefgh")
    code = "from ecgbench.pipeline.cluster.versions import told; print(told({'of': set('abcdefgh'), 'by': [object(), len]}))"
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert there == told({"by": (object(), len), "of": frozenset(names)}) + "\n"
    assert told(np.float64(0.1)) == told(0.1)
    assert told(np.arange(2000)) != told(np.arange(2000) * (np.arange(2000) != 1000))
