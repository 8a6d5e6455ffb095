"""The registry of network architectures and what one declares beside the function that builds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ecgbench.errors import InputError
from ecgbench.models.recipes import RECIPES, model_name, split_model
from ecgbench.needs import Need, check_needs
from ecgbench.protocol import Recipe
from ecgbench.registry import Entry, Registry

if TYPE_CHECKING:
    import torch

    from ecgbench.types import EvaluateSteps


@dataclass(frozen=True)
class Form:
    """What tells how a network was built.

    Attributes
    ----------
    model : key of its architecture
    leads, samples : of the windows that it takes
    outputs : number of classes or labels
    """

    model: str
    leads: int
    samples: int
    outputs: int


Shape = tuple[int, ...]


@dataclass(frozen=True)
class Source:
    """Where a network's tensor comes from: its name in a state dict, and the shape, of as many values, that it is taken in."""

    name: str
    shape: Shape


@dataclass(frozen=True)
class Recognised:
    """The network that a state dict belongs to.

    Attributes
    ----------
    build : makes it, with any weights; called on torch's device "meta" too, where tensors have a shape and no values
    sources : of its tensors by their names in its own state dict
    """

    build: Callable[[], torch.nn.Module] = field(repr=False)
    sources: Mapping[str, Source]


@dataclass(frozen=True)
class Blueprint:
    """A network that is about to be built.

    Attributes
    ----------
    form : of the network
    seed : of its initial weights
    """

    form: Form
    seed: int


MODEL_NEEDS: Mapping[str, Need[Blueprint]] = MappingProxyType(
    {"seed": Need("int, for an architecture that draws its weights from a generator of its own", attrgetter("seed"))}
)
"""What an architecture may ask for beside leads, samples and outputs."""


@dataclass(frozen=True, repr=False)
class ModelEntry(Entry):
    """What an architecture declares.

    An architecture is a function of `leads`, `samples` and `outputs` that returns a torch module. The module takes standardised windows
    (n, leads, samples) and returns logits (n, outputs). It is called with torch's generator seeded, so that layers as torch initialises
    them are the same for the same seed.

    Attributes
    ----------
    title : what it is, in a few words
    gradcam_layer : name of the module whose output Grad-CAM explains; empty if there is none that has a time axis
    fine_cam_layer : name of an earlier module with more units, whose output HiResCAM and LayerCAM explain; empty if it is `gradcam_layer`
    recipe : where its training differs from the dataset's numbers, by `ecgbench.protocol.Recipe`'s names
    needs : what it asks for beside leads, samples and outputs, of `MODEL_NEEDS`
    recognise : says which network an unlabelled state dict belongs to, by its tensors' names and shapes; None if another architecture's
    evaluator : makes a faster evaluator of a network with the same logits, None for a network that was altered since it was built
    compact : makes a network of its own with the same logits that is cheaper to explain; the network itself where it was altered
    """

    title: str
    gradcam_layer: str = ""
    fine_cam_layer: str = ""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    recognise: Callable[[Mapping[str, Shape]], Recognised | None] | None = field(default=None, repr=False)
    evaluator: Callable[[torch.nn.Module], EvaluateSteps | None] | None = field(default=None, repr=False)
    compact: Callable[[torch.nn.Module], torch.nn.Module] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        check_needs(self.key, self.needs, MODEL_NEEDS)
        known = {one.name for one in fields(Recipe)} - {"architecture", "name", "version"}
        for name in self.recipe:
            if name not in known:
                raise InputError(f'expected a recipe of {self.key} of {", ".join(sorted(known))}, got "{name}"; leave it out.')


MODELS = Registry("models", ModelEntry, "ecgbench.models")


def known_model(name: str) -> str:
    """The name of models, if there is such an architecture and recipe.

    Raises
    ------
    UnknownKeyError
        If there is not.
    """
    architecture, recipe = split_model(name)
    return model_name(MODELS[architecture].key, RECIPES[recipe].key)


def recipe_of(usual: Recipe, model: str | None = None) -> Recipe:
    """The recipe by which a dataset's models of a name are trained.

    Parameters
    ----------
    usual : the dataset's numbers, which name its usual architecture
    model : name of the models (see `model_name`): an architecture, with "+" and a recipe behind it where that is not the study's; default
        the usual architecture

    Raises
    ------
    UnknownKeyError
        If there is no such architecture or recipe.
    """
    architecture, name = split_model(usual.architecture if model is None else model)
    own = usual if architecture == usual.architecture else replace(usual, architecture=architecture, **MODELS[architecture].recipe)
    entry = RECIPES[name]
    recipe: Recipe = entry.function(own)
    return replace(recipe, name=entry.key, version=entry.version)
