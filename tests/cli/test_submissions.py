"""`ecgbench windows`, `submit` and `evaluate`: from the windows to a page, as the guide for contributors walks through it."""

import hashlib
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

import ecgbench
from ecgbench.artifacts import ArtifactStore
from ecgbench.models import model_digest
from ecgbench.results import read_file
from tests.pipeline.runs import model_at, small_run
from tests.results.cases import with_scores

GUIDE = Path(__file__).parents[2] / "CONTRIBUTING.md"
SAW_NOTHING = ("--saw-labels", "no", "--saw-test-set", "no")
SUBMIT = ("submit", "synthetic", "--samples", "3", "--reference", "doi:10.1000/xyz", *SAW_NOTHING, "--out", "my_method.safetensors")
SCORES = Path("leaderboards") / "scores" / "synthetic@samples-3" / "resnet18_7_narrow" / "my_method.json"
METRICS = ("--metric", "auc", "--metric", "pointing_game")


def write_maps(name, **changed):
    """Maps in the file of that name, of the windows in `windows.npz`: what is highest in the window."""
    held = dict(np.load("windows.npz"))
    np.savez(name, **{"attributions": held["x"], **held, **changed})


@pytest.fixture
def maps(ecg):
    """A file of maps of the first model's windows."""
    ecg("windows", "synthetic", "--samples", "3", "--out", "windows.npz")
    write_maps("maps.npz")
    return "maps.npz"


@pytest.fixture
def submission(ecg, maps):
    """A submission's file."""
    ecg(*SUBMIT, "--name", "my_method", "--maps", maps)
    return "my_method.safetensors"


# windows


def test_windows_are_those_that_a_method_is_given(ecg):
    said = ecg("windows", "synthetic", "--samples", "3", "--seed", "2", "--out", "windows.npz")
    ecg("explain", "synthetic", "--samples", "3", "--seed", "2", "--method", "saliency", "--out", "maps.npz")
    with np.load("windows.npz") as windows, np.load("maps.npz") as maps:
        assert [*windows] == ["x", "target", "record", "patient", "start", "fs", "seed", "model"]
        assert [*maps] == ["attributions", *windows]
        for name in windows:
            np.testing.assert_array_equal(windows[name], maps[name])
        assert said == f"3 windows of synthetic seed 2, model {str(windows['model'])[:12]}, written to windows.npz\n"


def test_model_of_the_windows_is_the_one_that_train_writes(ecg):
    ecg("windows", "synthetic", "--samples", "1", "--out", "windows.npz")
    ecg("train", "synthetic", "--out", "model.safetensors")
    with np.load("windows.npz") as windows:
        assert windows["model"] == model_digest(ecgbench.load_model("model.safetensors"))


# submit


def test_packed_maps_are_named_with_their_seeds(ecg, maps):
    ecg("windows", "synthetic", "--samples", "3", "--seed", "3", "--out", "windows.npz")
    write_maps("third.npz")
    said = ecg(*SUBMIT, "--name", "my_method", "--maps", "third.npz", "--maps", maps)
    assert said.startswith("maps of my_method on synthetic, seeds 1, 3, written to my_method.safetensors")


def test_maps_of_a_method_can_be_packed_as_explain_wrote_them(ecg):
    ecg("explain", "synthetic", "--samples", "3", "--method", "saliency", "--out", "maps.npz")
    ecg(*SUBMIT, "--name", "saliency_again", "--maps", "maps.npz")
    said = ecg("evaluate", "my_method.safetensors", "--metric", "auc", "--allow-new")
    again = re.findall(r"^saliency_again(?:_abs)? .*", said, re.MULTILINE)[:2]
    said = ecg("run", "--samples", "3", "--seeds", "1", "--method", "saliency", "--metric", "auc", "--allow-new")
    assert [line.split()[1:] for line in again] == [line.split()[1:] for line in re.findall(r"^saliency.*", said, re.MULTILINE)[:2]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--name", "saliency"), "expected a name that no method of the benchmark has"),
        (("--name", "my_method", "--maps", "maps.npz"), "expected one file of maps for each seed, got another of seed 1, maps.npz"),
        (("--name", "my_method", "--samples", "4"), 'expected "attributions" as floats of shape (4, 1, 1024)'),
        (("--name", "my_method", "--reference", "me"), "expected a reference as doi:10"),
        (("--name", "my_method", "--out", "x.npz"), "expected --out as a .safetensors file"),
    ],
)
def test_refused_maps_leave_no_file(refused, maps, arguments, message):
    assert message in refused(*SUBMIT, "--maps", maps, *arguments)
    assert not Path("my_method.safetensors").exists()


@pytest.mark.parametrize("flag", ["--saw-labels", "--saw-test-set"])
def test_author_must_say_what_was_known_of_the_answers(refused, maps, flag):
    answers = {"--saw-labels": "no", "--saw-test-set": "no"}
    said = [text for name, answer in answers.items() if name != flag for text in (name, answer)]
    given = (
        "submit",
        "synthetic",
        "--name",
        "a_method",
        "--maps",
        maps,
        "--reference",
        "doi:10.1000/xyz",
        "--out",
        "my_method.safetensors",
    )
    lacking = {
        "--saw-labels": "expected --saw-labels with --maps, got none",
        "--saw-test-set": "the following arguments are required: --saw-test-set",
    }
    assert lacking[flag] in refused(*given, *said)
    assert "invalid choice: 'maybe'" in refused(*given, *said, flag, "maybe")


# evaluate


def test_scores_and_health_are_shown_and_nothing_is_accepted(ecg, submission):
    said = ecg("evaluate", submission, *METRICS, "--allow-new")
    assert len(re.findall(r"^my_method(?:_abs)? ", said, re.MULTILINE)) == 5  # scores and places of two variants, one health
    assert "\nhealth " in said
    assert "\n4 cells, 0 failed, 4 with no accepted result\n4 cells were compared with nothing" in said
    assert not Path("leaderboards").exists()


def test_where_nothing_is_accepted_an_evaluation_is_refused(refused, submission):
    assert "expected a folder of accepted results at leaderboards/scores, got no such folder" in refused("evaluate", submission, *METRICS)


def test_accepted_scores_stand_and_others_fail_with_the_command_that_accepts(ecg, submission):
    ecg("evaluate", submission, *METRICS, "--update-scores")
    assert ecg("evaluate", submission, *METRICS).endswith("4 cells, 0 failed, 0 with no accepted result\n")
    with_scores(SCORES, lambda values: values / 2)
    said = ecg("evaluate", submission, *METRICS, code=1)
    assert "To accept the new value: ecgbench evaluate my_method.safetensors --update-scores" in said


@pytest.mark.parametrize("damage", [lambda content: content[:-1], lambda content: content.replace(b"F32", b"F16")])
def test_refused_file_ends_with_2_and_nothing_is_accepted(refused, submission, damage):
    path = Path(submission)
    path.write_bytes(damage(path.read_bytes()))
    assert refused("evaluate", submission, "--update-scores").startswith(
        "ecgbench evaluate: expected a file as `ecgbench submit` writes it"
    )
    assert not Path("leaderboards").exists()


def test_file_of_another_model_is_refused_with_the_remedy(refused, ecg, own_store, submission):
    ecg("train", "synthetic", "--seed", "2", "--out", "second.safetensors")
    ecg("train", "synthetic", "--seed", "1", "--from", "second.safetensors")
    assert "take its weights with `ecgbench train synthetic --seed 1 --from FILE`" in refused("evaluate", submission)


# evaluate --held-back


@pytest.fixture
def of_all_windows(ecg):
    """A submission whose maps are the windows, all that can be explained, and a secret's file."""
    ecg("windows", "synthetic", "--samples", "all", "--out", "windows.npz")
    write_maps("maps.npz")
    Path("secret").write_bytes(b"sixteen bytes or more")
    ecg(*SUBMIT, "--samples", "all", "--name", "my_method", "--maps", "maps.npz")
    return "my_method.safetensors"


def test_maps_that_are_the_same_everywhere_do_not_look_tuned(ecg, of_all_windows):
    said = ecg("evaluate", of_all_windows, "--metric", "auc", "--held-back", "secret")
    assert re.search(r"^auc +raw +0\.\d{3} +0\.\d{3} +[+-]0\.\d{3} +[+-]0\.\d{3} to [+-]0\.\d{3} *$", said, re.MULTILINE)
    assert "my_method does not look tuned to the public windows: in none of 3 rows" in said
    assert "sixteen bytes" not in said
    assert not Path("leaderboards").exists()


def test_maps_that_are_better_on_the_public_windows_end_with_1(ecg, of_all_windows):
    held = dict(np.load("maps.npz"))
    explained = small_run(ArtifactStore(), samples="all").explained(model_at())
    held["attributions"][:64] += 10 * explained.windows.masks(explained.target)[:64]
    np.savez("maps.npz", **held)
    ecg(*SUBMIT, "--samples", "all", "--name", "my_method", "--maps", "maps.npz")
    said = ecg("evaluate", of_all_windows, "--metric", "auc", "--held-back", "secret", code=1)
    assert re.search(r"^auc +raw .*\*$", said, re.MULTILINE)
    assert "my_method looks tuned to the public windows: in 2 of 3 rows" in said


def test_comparison_that_cannot_be_made_is_refused(refused, ecg, of_all_windows):
    held_back = ("evaluate", of_all_windows, "--held-back")
    assert "got both; a comparison with held-back windows accepts nothing" in refused(*held_back, "secret", "--update-scores")
    assert "expected a readable regular file at none" in refused(*held_back, "none")
    Path("secret").write_bytes(b"short")
    assert "expected a secret of 16 to 4096 bytes in secret, got 5" in refused(*held_back, "secret")


def test_comparison_of_a_subset_is_refused_with_the_remedy(refused, submission):
    Path("secret").write_bytes(b"sixteen bytes or more")
    assert "`ecgbench submit --samples all`" in refused("evaluate", submission, "--held-back", "secret")


# The guide's example


@pytest.mark.slow
def test_guides_example_leads_from_the_windows_to_a_page(ecg, tmp_path):
    section = re.search(r"^## Submitting a method's maps\n(.*?)^## ", GUIDE.read_text(), re.DOTALL | re.MULTILINE)[1]
    (program,) = re.findall(r"^```python\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    steps = [line for block in re.findall(r"^```sh\n(.*?)^```$", section, re.DOTALL | re.MULTILINE) for line in block.splitlines()]
    Path("README.md").write_text("<!-- leaderboard:begin synthetic@samples-12 -->\n<!-- leaderboard:end -->\n")
    said = {}
    for program_or_verb, *rest in (shlex.split(step) for step in steps):
        if program_or_verb == "python":
            exec(compile(program, rest[0], "exec"), {"__name__": "__main__"})
        else:
            few = ["--samples", "12"] if rest[0] in ("windows", "submit") else []
            said[rest[0]] = ecg(*rest, *few)
    assert set(said) == {"windows", "train", "submit", "evaluate", "leaderboard"}
    assert "[`own_occlusion`](methods/own_occlusion.md) (abs)" in Path("leaderboards/synthetic@samples-12.md").read_text()
    assert "**Recomputed from handed-in maps**" in Path("leaderboards/methods/own_occlusion.md").read_text()
    results = read_file(Path("leaderboards/scores/synthetic@samples-12/resnet18_7_narrow/own_occlusion.json"))
    assert results.provenance["submitted"]["file"] == hashlib.sha256(Path("own_occlusion.safetensors").read_bytes()).hexdigest()
    # Where the label's cause is known, occlusion must find it better than a map without knowledge does.
    value = {(one.variant, one.metric): one.value for one in results.cells}
    assert value["raw", "auc_causal"] > 0.6
