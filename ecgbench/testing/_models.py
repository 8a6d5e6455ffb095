"""Trials of models: freshly initialised networks of several forms."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import torch

from ecgbench.models import (
    Adapted,
    ModelEntry,
    check_kind,
    forward,
    load_model,
    model_digest,
    model_from,
    plain_evaluator,
    save_model,
    untrained,
    weights_of,
)
from ecgbench.testing._made_up import global_generators_left_alone
from ecgbench.testing._report import require
from ecgbench.types import Rows, Steps

FORMS = ((1, 256, 2), (2, 320, 3), (12, 512, 5))
"""Leads, samples and outputs of networks."""

LEADS, SAMPLES, OUTPUTS = FORMS[1]


def network(entry: ModelEntry, seed: int = 0) -> torch.nn.Module:
    """A network of the form that most trials use, in evaluation mode."""
    return untrained(entry.key, OUTPUTS, seed, LEADS, SAMPLES).eval()


def noise(leads: int = LEADS, samples: int = SAMPLES, windows: int = 3) -> Rows:
    """Windows of noise, the same each time."""
    rows: Rows = np.random.default_rng([leads, samples]).normal(size=(windows, leads, samples)).astype(np.float32)
    return rows


def says_what_it_is(entry: ModelEntry) -> None:
    """It has a title."""
    require(entry.title.strip(), entry, "a title", repr(entry.title), "say what it is in a few words")


def logits_fit_the_outputs(entry: ModelEntry) -> None:
    """It takes any number of leads, samples and outputs, and returns finite logits (n, outputs)."""
    for leads, samples, outputs in FORMS:
        logits = forward(untrained(entry.key, outputs, 0, leads, samples), noise(leads, samples))
        right = logits.shape == (3, outputs) and np.isfinite(logits).all()
        require(right, entry, f"finite logits (3, {outputs}) of 3 windows ({leads}, {samples})", logits, "build the network for that form")


def outputs_are_logits(entry: ModelEntry) -> None:
    """It returns logits: training, metrics and methods take its outputs for that."""
    check_kind(Adapted(network(entry)), noise())


def logits_depend_on_their_window_alone(entry: ModelEntry) -> None:
    """In evaluation mode a window's logits do not depend on its batch."""
    model, x = network(entry).double(), noise()
    whole = forward(model, x)
    alone = np.concatenate([forward(model, x[i : i + 1]) for i in range(3)])
    remedy = "let nothing but the window matter in evaluation mode"
    require(np.allclose(alone, whole, rtol=1e-9, atol=1e-9), entry, "the same logits of a window alone", "others", remedy)


def seed_decides_the_weights(entry: ModelEntry) -> None:
    """The same seed gives the same weights, another one others, and generators of the process are left alone."""
    with global_generators_left_alone(entry):
        first, again, other = (model_digest(network(entry, seed)) for seed in (0, 0, 1))
    require(first == again, entry, "the same weights for the same seed", "others", "draw from torch's generator, or ask for seed in needs")
    require(first != other, entry, "other weights for another seed", "the same", "draw them, or ask for seed in needs")


def gradient_reaches_the_input_and_the_parameters(entry: ModelEntry) -> None:
    """Each logit has a gradient with respect to the window, and the parameters learn."""
    model = untrained(entry.key, OUTPUTS, 0, LEADS, SAMPLES).eval()
    x = torch.from_numpy(noise()).requires_grad_(True)
    logits = model(x)
    for output in range(OUTPUTS):
        (gradient,) = torch.autograd.grad(logits[:, output].sum(), x, retain_graph=True)
        reaches = bool(torch.isfinite(gradient).all()) and bool(gradient.abs().amax(dim=(1, 2)).gt(0).all())
        require(reaches, entry, f"a finite gradient of logit {output} at the input", "none", "keep the window in the graph")
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    require(parameters, entry, "parameters that learn", "none", "leave requires_grad as it is")


def layers_of_class_activation_maps_have_a_time_axis(entry: ModelEntry) -> None:
    """The layers that it names for class activation maps are there, and their outputs run over time."""
    for declared in filter(lambda declared: getattr(entry, declared), ("gradcam_layer", "fine_cam_layer")):
        model, name = network(entry), getattr(entry, declared)
        layers = [path for path, _ in model.named_modules() if path]
        remedy = "name a stage with a time axis, for Grad-CAM the last one"
        require(name in layers, entry, f"a {declared} among {', '.join(layers[:20])}", name, remedy)
        shapes: list[tuple[int, ...]] = []
        model.get_submodule(name).register_forward_hook(lambda module, inputs, output, shapes=shapes: shapes.append(tuple(output.shape)))
        forward(model, noise())
        fits = len(shapes) == 1 and len(shapes[0]) in (3, 4) and 2 <= shapes[0][-1] <= SAMPLES
        expected = f"a {declared} called once with an output (n, channels, time) or (n, channels, leads, time)"
        require(fits, entry, expected, shapes, remedy)


def model_is_left_as_it_was_found(entry: ModelEntry) -> None:
    """Passing windows through it changes no weight and no statistics in evaluation mode."""
    model = network(entry)
    before = model_digest(model)
    forward(model, noise())
    require(model_digest(model) == before, entry, "the same weights after a pass in evaluation mode", "others", "update them in training")


def weights_come_back_from_a_file(entry: ModelEntry) -> None:
    """A checkpoint brings back the same logits, and so do bare weights where it recognises them."""
    model, x = network(entry, seed=3), noise()
    wanted = forward(model, x)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        save_model(model, {"form": {"model": entry.key, "leads": LEADS, "samples": SAMPLES, "outputs": OUTPUTS}}, path)
        found = forward(load_model(path), x)
    require(np.array_equal(found, wanted), entry, "the same logits from a checkpoint", "others", "keep all that matters in the state dict")
    if entry.recognise is not None:
        weights = weights_of(model)
        known = entry.recognise({name: array.shape for name, array in weights.items()}) is not None
        same = known and np.allclose(forward(model_from(weights), x), wanted, rtol=1e-4, atol=1e-5)
        require(same, entry, "recognise to know the network of its own weights", "another or none", "mend recognise")


def shorter_ways_lead_to_the_same_logits(entry: ModelEntry) -> None:
    """Its own evaluator and its compact network, where it declares them, have the logits of whole passes."""
    model, x = network(entry).double(), noise().astype(np.float64)
    steps = Steps(np.array([0, 2]), np.array([[10, 100], [150, 250]]), np.array([[50, 140], [170, 260]]))
    plain = plain_evaluator(model)
    own = None if entry.evaluator is None else entry.evaluator(model)
    require(entry.evaluator is None or own, entry, "an evaluator of a network as it is built", "None", "mend evaluator")
    found = {} if own is None else {"evaluator": own(x)}
    if entry.compact is not None:
        found["compact"] = forward(entry.compact(model), x)
    for name, logits in found.items():
        same = np.allclose(logits, plain(x), rtol=1e-7, atol=1e-8)
        require(same, entry, f"the model's logits from its {name}", "others", f"mend {name}")
    if own is not None:
        same = np.allclose(own.stepwise(x, steps), plain.stepwise(x, steps), rtol=1e-7, atol=1e-8)
        require(same, entry, "the logits of whole passes after each step from its evaluator", "others", "mend evaluator")


TRIALS = (
    says_what_it_is,
    logits_fit_the_outputs,
    outputs_are_logits,
    logits_depend_on_their_window_alone,
    seed_decides_the_weights,
    gradient_reaches_the_input_and_the_parameters,
    layers_of_class_activation_maps_have_a_time_axis,
    model_is_left_as_it_was_found,
    weights_come_back_from_a_file,
    shorter_ways_lead_to_the_same_logits,
)
