"""Settings of torch that decide how exactly values are computed: set while they are needed, and put back."""

import os
import threading
import warnings

import pytest
import torch

from ecgbench.exactness import PLACES, exact
from ecgbench.nn import settings_of_a_new_process


def settings():
    found = [getattr(getattr(torch.backends, of), operation).fp32_precision for of, operation in PLACES]
    deterministic = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    fused = (
        torch.backends.cuda.mem_efficient_sdp_enabled(),
        torch.backends.cuda.flash_sdp_enabled(),
        torch.backends.cuda.cudnn_sdp_enabled(),
    )
    return [*found, *fused, *deterministic, torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark]


@pytest.fixture(params=["as torch has them", "as a caller has set them"])
def callers_settings(request):
    before = settings()
    if request.param != "as torch has them":
        torch.backends.cudnn.conv.fp32_precision = torch.backends.cuda.matmul.fp32_precision = "tf32"
        torch.backends.cudnn.benchmark = True
    yield settings()
    for (of, operation), value in zip(PLACES, before, strict=False):
        getattr(getattr(torch.backends, of), operation).fp32_precision = value
    torch.backends.cudnn.benchmark = before[-1]


def test_float32_is_computed_as_float32_on_every_device_and_the_callers_settings_come_back(callers_settings):
    def fail():
        with settings_of_a_new_process():
            assert settings() == ["ieee"] * len(PLACES) + callers_settings[len(PLACES) :]
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert settings() == callers_settings


def test_a_card_computes_by_reproducible_algorithms_and_the_processor_as_ever(callers_settings):
    with exact("cuda"), exact("cpu"):
        assert settings() == ["ieee"] * len(PLACES) + [False, False, False, True, True, True, False]
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] in (":4096:8", ":16:8")
    assert settings() == callers_settings


def test_a_caller_who_forbids_what_is_not_reproducible_is_obeyed():
    torch.use_deterministic_algorithms(True)
    try:
        with exact("cuda"):
            assert not torch.is_deterministic_algorithms_warn_only_enabled()
        assert torch.are_deterministic_algorithms_enabled()
    finally:
        torch.use_deterministic_algorithms(False)


def test_threads_that_overlap_leave_the_callers_settings():
    before, inside, leave = settings(), threading.Event(), threading.Event()

    def stay():
        with exact("cuda"):
            inside.set()
            leave.wait(5)

    thread = threading.Thread(target=stay)
    with exact("cuda"):
        thread.start()
        assert inside.wait(5)
    assert settings()[: len(PLACES)] == ["ieee"] * len(PLACES)  # the other thread still computes
    leave.set()
    thread.join()
    assert settings() == before


def test_older_and_newer_switches_of_torch_are_never_at_odds_inside():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.set_float32_matmul_precision("medium")
    try:
        with exact():
            assert torch.get_float32_matmul_precision() == "highest"
            with torch.backends.cudnn.flags(enabled=False):  # reads the older ones, and raises where they contradict the newer
                pass
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")
        torch.backends.cuda.matmul.fp32_precision = torch.backends.mkldnn.matmul.fp32_precision = "none"
