"""What a file says of its maps: refused where it is not of the form, or not what is true of the windows and models that are here."""

import pytest

from ecgbench.errors import EcgbenchError, InputError
from ecgbench.pipeline import Options, submitted_run
from tests.pipeline.submissions.submission_files import packed, with_contents, with_header


@pytest.fixture(scope="module")
def content(author):
    return packed(author, (1, 2))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.safetensors"


def said(**changed):
    return lambda data: data.update(changed)


def identity(**changed):
    return lambda data: data["identity"].update(changed)


def seed(**changed):
    return lambda data: data["seeds"]["1"].update(changed)


@pytest.mark.parametrize(
    "change",
    [
        said(format=1),
        said(more=1),
        said(name=1),
        said(dataset="../synthetic"),
        said(dataset="\x1b[31m"),
        said(seeds={}),
        said(description="x" * 2001),
        lambda data: data.pop("reference"),
        lambda data: data["seeds"].update({"01": data["seeds"]["1"]}),
        lambda data: data["seeds"].update({"1\n": data["seeds"]["1"]}),
        seed(model="x"),
        seed(more=1),
        identity(samples=0),
        identity(samples=True),
        identity(samples=4.0),
        identity(samples=1 << 64),
        identity(simulated=0),
        said(format=4.0),
        said(saw_labels="no"),
        said(saw_test_set=0),
        said(saw_labels=None),
        identity(protocol="study"),
        identity(explained="seeded"),
        lambda data: data["identity"].pop("explained"),
        identity(windows=1),
        identity(labels="\x1b[31m"),
        lambda data: data["identity"].pop("labels"),
    ],
)
def test_text_that_is_not_of_the_schema_is_refused(evaluator_store, path, content, change):
    path.write_bytes(with_contents(content, change))
    with pytest.raises(EcgbenchError, match=r"^expected ") as raised:
        submitted_run(path, Options(store=evaluator_store))
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (said(dataset=1), "$.dataset: expected `str`, got `int`"),
        (said(more="\x1b"), "$: object contains unknown field `more`"),
        (lambda data: data.pop("authors"), "$: object missing required field `authors`"),
        (lambda data: data.pop("saw_labels"), "$: object missing required field `saw_labels`"),
        (said(saw_test_set="no"), "$.saw_test_set: expected `bool`, got `str`"),
        (identity(samples=0), "$.identity.samples: expected `int` >= 1"),
        (identity(simulated=[[[]]]), "$.identity.simulated: expected `bool`, got `array`"),
        (lambda data: data["seeds"].update({"01": {}}), "key in $.seeds: expected `str` matching regex"),
        (seed(x="x"), "$.seeds[...].x: expected `str` matching regex"),
    ],
)
def test_refusal_names_the_place_what_was_expected_there_and_what_came(evaluator_store, path, content, change, message):
    path.write_bytes(with_contents(content, change))
    with pytest.raises(InputError) as raised:
        submitted_run(path, Options(store=evaluator_store))
    assert str(raised.value).startswith(f"expected a file as `ecgbench submit` writes it, got one whose {message}")
    assert str(raised.value).endswith("; ask its author for it again.")


def test_file_of_an_earlier_format_is_refused_with_the_remedy(evaluator_store, path, content):
    path.write_bytes(with_contents(content, said(format=3)))
    with pytest.raises(InputError, match="got one of format 3; make maps of those that `ecgbench windows` writes now, and pack them"):
        submitted_run(path, Options(store=evaluator_store))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (said(name="saliency"), "expected a name that no method of the benchmark has"),
        (said(name="../../x"), "expected a name of 2 to 40 small letters"),
        (said(name="a\0"), "expected a name of 2 to 40 small letters"),
        (said(name="m\u0435thod"), "expected a name of 2 to 40 small letters"),
        (said(authors="<b>"), "expected authors as one line"),
        (said(reference="javascript:x"), "expected a reference as doi:10"),
        (identity(labels="study"), 'expected labels of synthetic among aami, got "study"'),
        (identity(windows="0" * 64), "expected maps of the windows of synthetic that are here, got others: windows 000"),
        (identity(model="resnet50"), "expected the resnet50 model of synthetic seed .* here, .* got none; train it first, `ecgbench train"),
        (identity(simulated=True), "got others: simulated True, here False; use the same records"),
        (identity(samples=5), "expected a file as `ecgbench submit` writes it|expected maps of the windows"),
        (seed(model="0" * 64), "take its weights with `ecgbench train synthetic --seed 1 --from FILE`"),
        (seed(x="0" * 64), "explain those that `ecgbench windows synthetic --seed 1` writes"),
        (seed(target="0" * 64), "explain those that `ecgbench windows synthetic --seed 1` writes"),
    ],
)
def test_maps_of_something_else_are_refused_with_the_remedy(evaluator_store, path, content, change, message):
    path.write_bytes(with_contents(content, change))
    with pytest.raises(InputError, match=message):
        submitted_run(path, Options(store=evaluator_store))


def test_seed_without_a_model_is_refused_before_anything_is_trained(evaluator_store, path, content):
    def moved(header):
        header["maps/9"] = header.pop("maps/1")

    swapped = with_contents(with_header(content, moved), lambda data: data["seeds"].update({"9": data["seeds"].pop("1")}))
    path.write_bytes(swapped)
    with pytest.raises(InputError, match="expected seeds of synthetic among 1, 2, 3, 4, 5, 6, 7, 8, got 9"):
        submitted_run(path, Options(store=evaluator_store))


@pytest.mark.parametrize(("change", "nearest"), [(said(dataset="synthetik"), "synthetic"), (identity(model="resnet19"), "resnet18")])
def test_dataset_or_architecture_that_nobody_registered_is_refused(evaluator_store, path, content, change, nearest):
    path.write_bytes(with_contents(content, change))
    with pytest.raises(EcgbenchError, match=f"did you mean {nearest}"):
        submitted_run(path, Options(store=evaluator_store))
