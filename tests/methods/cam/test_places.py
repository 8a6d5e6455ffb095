"""Units are drawn where they look, whatever the network; what stands nowhere in time is refused."""

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench
from ecgbench.errors import InputError
from ecgbench.methods.cam.units import units_of

TIME = 1000


def drawn(model):
    torch.manual_seed(0)
    for module in model.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    return model.eval()


def noise(leads=1, time=TIME):
    return torch.from_numpy(np.random.default_rng(0).normal(size=(1, leads, time)).astype(np.float32))


def places(model, layer="body", leads=1, **given):
    return units_of(drawn(model), noise(leads), layer, **given)


class Read(nn.Module):
    """A body, and logits from its mean over time."""

    def __init__(self, *body, around=None):
        super().__init__()
        self.body, self.head, self.around = nn.Sequential(*body), nn.LazyLinear(2), around or nn.Identity()
        self(torch.zeros(1, 1, TIME))

    def forward(self, x):
        return self.head(self.body(self.around(x)).mean(-1))


class Scaled(nn.Module):
    def forward(self, x):
        return (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + 1e-6)


class Gated(nn.Module):
    """Squeeze and excitation."""

    def __init__(self, channels):
        super().__init__()
        self.gate = nn.Sequential(nn.Linear(channels, channels), nn.Sigmoid())

    def forward(self, x):
        return x * self.gate(x.mean(-1))[..., None]


def unpadded(blocks):
    return [module for i in range(blocks) for module in (nn.Conv1d(1 if i == 0 else 4, 4, 3), nn.ReLU(), nn.MaxPool1d(2))]


GEOMETRY = {  # by hand: stride, centre of the first unit
    "one unpadded convolution": ([nn.Conv1d(1, 1, 9)], 1, 4),
    "unpadded with a stride": ([nn.Conv1d(1, 1, 7, stride=4)], 4, 3),
    "dilated, padded to the left alone": ([nn.ConstantPad1d((8, 0), 0.0), nn.Conv1d(1, 2, 5, dilation=2)], 1, -4),
    "four blocks of an unpadded convolution and a pool": (unpadded(4), 16, 22.5),
    "pools that drop a rest": ([nn.Conv1d(1, 2, 3, padding=1), *[nn.MaxPool1d(2)] * 5], 32, 15.5),
    "patches": ([nn.Conv1d(1, 4, 25, stride=25)], 25, 12),
    "as many units as samples again": ([nn.Conv1d(1, 4, 4, 4), nn.Upsample(scale_factor=4), nn.Conv1d(4, 2, 3, padding=1)], 1, 0),
}


@pytest.mark.parametrize("name", [key for key in GEOMETRY if "again" not in key])
def test_units_stand_in_the_middle_of_what_they_see(name):
    body, stride, first = GEOMETRY[name]
    found = places(Read(*body)).places.centres
    np.testing.assert_array_equal(found, first + stride * np.arange(len(found)))


def test_units_of_an_upsampled_layer_stand_within_what_they_repeat():
    body, stride, first = GEOMETRY["as many units as samples again"]
    found = places(Read(*body)).places.centres
    np.testing.assert_allclose(found, first + stride * np.arange(TIME), atol=4)


@pytest.mark.parametrize("around", [Scaled(), nn.InstanceNorm1d(1)], ids=["z-scored", "instance norm"])
def test_a_norm_over_the_window_moves_no_unit_by_half_a_stride(around):
    body, stride, first = GEOMETRY["four blocks of an unpadded convolution and a pool"]
    found = places(Read(*body, around=around)).places.centres
    np.testing.assert_allclose(found, first + stride * np.arange(len(found)), atol=stride / 2)


def test_gates_over_the_window_move_no_unit_by_half_a_stride():
    body = [nn.Conv1d(1, 8, 7, 2, 3), nn.ReLU(), Gated(8), nn.Conv1d(8, 8, 7, 4, 3), nn.GroupNorm(2, 8), nn.ReLU()]
    found = places(Read(*body)).places.centres
    np.testing.assert_allclose(found, 8 * np.arange(len(found)), atol=4)


class CutShort(nn.Module):
    """A residual block of an even kernel, whose output is one unit too long and cut at its end."""

    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv1d(4, 4, 16, padding=8)

    def forward(self, x):
        return x + 0.3 * self.convolution(torch.relu(x))[..., : x.shape[2]]


def test_units_of_blocks_that_are_cut_at_one_end_stand_where_they_respond():
    """What all eight blocks together see is half a unit a block to the left of the shortcut through them."""
    found = places(Read(nn.Conv1d(1, 4, 16, 16), *[CutShort() for _ in range(8)])).places
    assert found.seen > TIME
    np.testing.assert_allclose(found.centres, 7.5 + 16 * np.arange(62), atol=24)


class Tokens(nn.Module):
    """Patches of 40 samples, (n, tokens, features), a class token before them, attention between them."""

    def __init__(self, class_token, attention):
        super().__init__()
        self.patches, self.place = nn.Conv1d(1, 16, 40, stride=40), nn.Parameter(torch.randn(1, TIME // 40 + class_token, 16))
        self.token = nn.Parameter(torch.zeros(1, 1, 16)) if class_token else None
        self.body = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True) if attention else nn.LayerNorm(16)
        self.head = nn.Linear(16, 2)

    def forward(self, x):
        tokens = self.patches(x).transpose(1, 2)
        if self.token is not None:
            tokens = torch.cat([self.token.expand(len(x), -1, -1), tokens], dim=1)
        return self.head(self.body(tokens + self.place).mean(1))


@pytest.mark.parametrize("attention", [False, True])
def test_tokens_before_features_are_found_out(attention):
    found = places(Tokens(0, attention))
    assert found.layout.axes == ("time", "channels")
    np.testing.assert_allclose(found.places.centres, 19.5 + 40 * np.arange(25), atol=12 if attention else 0)


def test_a_class_token_has_no_place():
    found = places(Tokens(1, attention=True)).places.centres
    assert np.isnan(found[0])
    np.testing.assert_allclose(found[1:], 19.5 + 40 * np.arange(25), atol=12)


class Spectrogram(nn.Module):
    """Frames of a short-time Fourier transform, (n, channels, frequencies, frames) of the leads' mean."""

    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Conv2d(1, 3, 3, padding=1), nn.Linear(3, 2)

    def forward(self, x):
        frames = torch.stft(x.mean(1), 22, 10, window=torch.hann_window(22), center=False, return_complex=True)
        return self.head(self.body(frames.abs()[:, None]).relu().mean((2, 3)))


def test_frequencies_are_no_leads_even_where_there_are_as_many():
    model = drawn(Spectrogram())
    found = units_of(model, noise(12), "body")
    assert found.layout.axes == ("channels", "frequency", "time")
    np.testing.assert_array_equal(found.places.centres, 10.5 + 10 * np.arange(98))
    maps = ecgbench.explain(model, noise(12), 0, "gradcam", layer="body")
    assert (maps == maps[:, :1]).all()


@pytest.mark.parametrize("method", ["gradcam", "guided_gradcam", "hirescam", "layercam"])
@pytest.mark.parametrize("place", [125, 500, 875])
def test_the_only_event_of_a_window_is_where_the_map_is(method, place):
    model = Read(*unpadded(4))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(1 / 3 if parameter.ndim > 1 else 0)
    x = np.zeros((1, 1, TIME), np.float32)
    x[..., place - 2 : place + 3] = 1
    found = np.abs(ecgbench.explain(model.eval(), x, 0, method, layer="body")[0, 0])
    assert found @ np.arange(TIME) / found.sum() == pytest.approx(place, abs=16)


def test_what_is_alike_in_all_patches_but_one_is_drawn_alike():
    x = np.zeros((1, 1, TIME), np.float32)
    x[..., 960:] = np.random.default_rng(0).normal(size=40)
    model = Tokens(0, attention=False)
    nn.init.zeros_(model.place)
    found = ecgbench.explain(drawn(model), x, 0, "gradcam", layer="body")[0, 0].reshape(25, 40)
    assert np.ptp(found, axis=1).max() == 0
    assert np.ptp(found[:24]) <= 1e-6 * np.abs(found).max()


def test_the_last_layer_that_stands_in_time_is_chosen():
    model = drawn(Read(*unpadded(3)))
    assert np.array_equal(ecgbench.explain(model, noise(), 0, "gradcam"), ecgbench.explain(model, noise(), 0, "gradcam", layer="body"))


def test_a_network_without_such_a_layer_is_refused():
    model = nn.Sequential(nn.Flatten(), nn.Linear(TIME, 8), nn.ReLU(), nn.Linear(8, 2))
    with pytest.raises(
        InputError, match=r"expected a model with a layer that is called once and returns .*, got none; choose another method"
    ):
        ecgbench.explain(model, noise(), 0, "gradcam")


class Mixed(nn.Module):
    """Every unit is made of all samples alike."""

    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Linear(TIME, 32), nn.Linear(32, 2)

    def forward(self, x):
        return self.head(self.body(x).relu().mean(1))


def test_units_that_stand_nowhere_in_time_are_refused():
    with pytest.raises(InputError, match='got "body", none of whose axes moves when the window does; name another layer, or say what'):
        ecgbench.explain(drawn(Mixed()), noise(), 0, "gradcam", layer="body")
    with pytest.raises(InputError, match="got none; name a layer and what its axes are, `layer=` one of body"):
        ecgbench.explain(drawn(Mixed()), noise(), 0, "gradcam")


@pytest.mark.parametrize("layout", ["time", "time, time", "time, leads", "time, breadth", "channels, leads, frequency"])
def test_a_layout_that_cannot_be_is_refused(layout):
    with pytest.raises(InputError, match=r'expected layer_layout as the 2 axes .*, such as "channels, time", got'):
        places(Read(*unpadded(1)), layer_layout=layout)


def test_a_layout_that_is_said_is_taken_at_its_word():
    assert places(Read(*unpadded(3)), layer_layout="channels, time").layout.axes == ("channels", "time")
    with pytest.raises(InputError, match="none of whose axes moves"):
        places(Read(*unpadded(3)), layer_layout="time, channels")


class TimeFirst(Read):
    """A body that returns (time, n, channels), and cannot be shown."""

    def __init__(self):
        super().__init__(nn.Conv1d(1, 4, 8, 8), nn.ReLU())
        self.inner, self.body = self.body, nn.LayerNorm(4)

    def __str__(self):
        raise RuntimeError("no input of this precision")

    def forward(self, x):
        if not hasattr(self, "inner"):
            return super().forward(x)
        return self.head(self.body(self.inner(x).permute(2, 0, 1)).mean(0))


def test_a_layer_without_windows_on_the_first_axis_is_passed_over():
    model = TimeFirst().eval()
    named = ecgbench.explain(model, np.repeat(noise().numpy(), 3, axis=0), 0, "gradcam", layer="inner")
    np.testing.assert_array_equal(ecgbench.explain(model, np.repeat(noise().numpy(), 3, axis=0), 0, "gradcam"), named)
    with pytest.raises(InputError, match='got "body", none of whose axes moves'):
        ecgbench.explain(model, noise().numpy(), 0, "gradcam", layer="body")


class Counting(Read):
    """Keeps the largest value that it has seen, and raises where a value is no number."""

    def __init__(self, *body):
        super().__init__(*body)
        self.register_buffer("largest", torch.zeros(()))

    def forward(self, x):
        if x.isnan().any():
            raise ValueError("no number")
        if hasattr(self, "largest"):
            self.largest.copy_(torch.maximum(self.largest, x.abs().max()))
        return super().forward(x)


def test_a_network_that_refuses_such_windows_is_measured_and_left_as_it_was():
    model = drawn(Counting(*unpadded(4)))
    found = units_of(model, noise(), "body").places.centres
    np.testing.assert_allclose(found, 22.5 + 16 * np.arange(len(found)), atol=8)
    assert model.largest == 0
