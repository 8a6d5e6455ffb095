"""Models that somebody hands in as one file: what it says of them, and how it is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Literal

from msgspec import Meta, to_builtins

from ecgbench.errors import InputError
from ecgbench.models import Form as NetworkForm
from ecgbench.models import packed_models, split_model
from ecgbench.pipeline.compute.models import TrainedModel, model_at_hand
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.submissions.form import Line, Seed, check_line, check_reference
from ecgbench.pipeline.submissions.header import TEXT_LIMIT, Form, as_form, refusal, untrusted_json
from ecgbench.results.reading.leaves import Digest

KIND: Literal["models"] = "models"
FORMAT: Literal[1] = 1
"""Version of the file's form."""

Extent = Annotated[int, Meta(ge=1, le=1 << 20)]


class DataIdentity(Form, frozen=True):
    """What a file says of the windows that its models were made for, beside the dataset; see `Identity`."""

    edition: Line
    split: Line
    labels: Line
    simulated: bool
    windows: Digest


class _Network(Form, frozen=True):
    """How the networks are built."""

    leads: Extent
    samples: Extent
    outputs: Extent


class _Text(Form, frozen=True):
    """The text in a file's header."""

    kind: Literal["models"]
    format: Literal[1]
    dataset: Line
    model: Line
    identity: DataIdentity
    network: _Network
    seeds: Annotated[dict[Seed, Digest], Meta(min_length=1, max_length=99)]
    reference: Line
    authors: Line
    description: Line
    saw_test_set: bool


@dataclass(frozen=True)
class AboutModels:
    """What an author says of models.

    Attributes
    ----------
    reference : "doi:...", "arXiv:..." or a URL
    authors, description : a line each, or empty
    saw_test_set : whether the architecture, its training or its weights were chosen by what they give on the test set
    """

    reference: str
    authors: str = ""
    description: str = ""
    saw_test_set: bool = field(kw_only=True)

    def check(self) -> None:
        """Refuse texts that a page or a terminal would not show as they are.

        Raises
        ------
        InputError
            If there are any.
        """
        check_reference(self.reference)
        for what, said in asdict(self).items():
            if isinstance(said, str):
                check_line(what, said)


@dataclass(frozen=True)
class ModelContents:
    """What a file of models says.

    Attributes
    ----------
    about : by their author
    dataset : key of the dataset
    model : name of the models: an architecture, with "+" and a recipe behind it where that is not the study's
    identity : of the data
    form : how each network is built
    seeds : by seed the digest of the weights (see `model_digest`)
    """

    about: AboutModels
    dataset: str
    model: str
    identity: DataIdentity
    form: NetworkForm
    seeds: Mapping[int, str]


def data_identity(run: Run, dataset: str) -> DataIdentity:
    """What a file of models says of the windows that are here."""
    held = run.dataset(dataset)
    return DataIdentity(edition=held.edition, split=held.split, labels=held.labels, simulated=held.simulated, windows=held.key)


def pack_models(run: Run, dataset: str, model: str, about: AboutModels) -> bytes:
    """The file of a dataset's models of one name, of all its seeds, as they are here.

    Raises
    ------
    InputError
        If one is not here, or what is said of them cannot be shown.
    """
    about.check()
    held = run.dataset(dataset)
    found = {seed: _at_hand(run, dataset, model, seed) for seed in run.spec(dataset).seeds}
    leads, samples = held.test.signal.shape[1:]
    form = NetworkForm(split_model(model)[0], leads, samples, len(held.classes))
    digests = {seed: one.digest for seed, one in found.items()}
    text = _as_text(ModelContents(about, dataset, model, data_identity(run, dataset), form, digests))
    read_models_text(text)
    return packed_models({seed: one.module for seed, one in found.items()}, text)


def _at_hand(run: Run, dataset: str, model: str, seed: int) -> TrainedModel:
    found = model_at_hand(run.dataset(dataset), seed, run.options.store, model)
    if found is None:
        command = f"ecgbench train {dataset} --model {model} --seed {seed}"
        raise InputError(
            f"expected the {model} models of {dataset} of all seeds here, got none of seed {seed}; train it, `{command}`, or take its "
            "weights with `--from FILE`."
        )
    return found


def _as_text(contents: ModelContents) -> str:
    """The text in the file's header."""
    network = {name: getattr(contents.form, name) for name in _Network.__struct_fields__}
    said = {"dataset": contents.dataset, "model": contents.model, "identity": to_builtins(contents.identity), "network": network}
    every = {"kind": KIND, "format": FORMAT, **said, "seeds": {str(seed): digest for seed, digest in contents.seeds.items()}}
    text = json.dumps({**every, **asdict(contents.about)}, sort_keys=True, allow_nan=False)
    if len(text) > TEXT_LIMIT:
        raise InputError(f"expected at most {TEXT_LIMIT} characters about the models, got {len(text)}; shorten the description.")
    return text


def is_about_models(text: str) -> bool:
    """Whether a header's text says that its file holds models, not maps."""
    if len(text) > TEXT_LIMIT:
        raise refusal(f"a text of {len(text)} characters")
    data: Any = untrusted_json(text)
    return isinstance(data, dict) and data.get("kind") == KIND


def read_models_text(text: str) -> ModelContents:
    """What a header's text says, checked.

    Raises
    ------
    InputError
        If it is not as `pack_models` writes it, or what it says of the models cannot be shown.
    """
    if len(text) > TEXT_LIMIT:
        raise refusal(f"a text of {len(text)} characters")
    said = as_form(untrusted_json(text), _Text)
    about = AboutModels(said.reference, said.authors, said.description, saw_test_set=said.saw_test_set)
    about.check()
    if not all(value.isprintable() for value in (said.dataset, said.model, *to_builtins(said.identity).values()) if isinstance(value, str)):
        raise refusal("a name that cannot be printed")
    form = NetworkForm(split_model(said.model)[0], said.network.leads, said.network.samples, said.network.outputs)
    return ModelContents(about, said.dataset, said.model, said.identity, form, {int(seed): said.seeds[seed] for seed in said.seeds})
