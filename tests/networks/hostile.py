"""Networks that are written so that tools stumble."""

import copy
import warnings

import torch
from torch import nn

from .table import Called, Last, Sum, averaged, convolved, head, network, swapped


@network("Last batch norm at zero", "zero gamma; Goyal et al. 2017, arXiv:1706.02677")
def zero_gamma():
    branch = nn.Sequential(convolved(6, 6, 7), convolved(6, 6, 7, None))
    branch[1][1].as_made = True
    nn.init.zeros_(branch[1][1].weight)
    return head(convolved(12, 6, 7, stride=2), Sum(branch))


@network("ReLU in the head only", "linear features")
def head_only():
    return nn.Sequential(nn.Conv1d(12, 6, 9, 3), averaged(), nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))


@network("Dropout that never rests", "Gal & Ghahramani 2016 (Monte Carlo dropout), arXiv:1506.02142")
def restless():
    return head(convolved(12, 6, 7, stride=2), Called(lambda x: nn.functional.dropout(x, 0.3, training=True)), convolved(6, 6, 7))


@network("Batch taken for a sequence", "nn.LSTM without batch_first=True")
def batch_as_sequence():
    return nn.Sequential(nn.AvgPool1d(8), swapped(), Last(nn.LSTM(12, 5)), Called(lambda x: x.mean(dim=1)), nn.Linear(5, 3))


class InPlace(nn.Module):
    """Everything that may be overwritten is, the input too."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.out = nn.Conv1d(12, 6, 7, padding=3), nn.Conv1d(6, 6, 7, padding=3), nn.Linear(6, 3)

    def forward(self, x):
        x.mul_(0.5)
        x = torch.relu_(self.first(x))
        branch = self.second(x)
        branch += x
        return self.out(torch.relu_(branch).mean(dim=2))


@network("In place", "memory-saving code")
def in_place():
    return InPlace()


class Twice(nn.Module):
    """The same layers, and one activation, used again and again; the last weights are the first's."""

    def __init__(self):
        super().__init__()
        self.stem, self.again, self.relu, self.out = nn.Conv1d(12, 6, 5, 2, 2), nn.Conv1d(6, 6, 5, padding=2), nn.ReLU(), nn.Linear(6, 3)
        self.tied = nn.Conv1d(6, 6, 5, padding=2)
        self.tied.weight = self.again.weight

    def forward(self, x):
        x = self.relu(self.stem(x))
        for _ in range(3):
            x = self.relu(self.again(x)) + x
        return self.out(self.relu(self.tied(x)).mean(dim=2))


@network("Tied and used again", "Kim et al. 2016 (recursive layers), arXiv:1511.04491")
def twice():
    return Twice()


@network("Compiled", "torch.compile")
def compiled():
    return torch.compile(head(convolved(12, 6, 7, stride=2), convolved(6, 6, 7)), backend="eager")


@network("TorchScript inside", "torch.jit.script")
def scripted():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        inside = torch.jit.script(nn.Sequential(nn.Conv1d(6, 6, 5), nn.ReLU()))
    return nn.Sequential(convolved(12, 6, 7, stride=2), inside, averaged(), nn.Linear(6, 3))


@network("Hooks of its own", "register_forward_hook and register_forward_pre_hook")
def hooked():
    model = head(convolved(12, 6, 7, stride=2), convolved(6, 6, 7))
    model[0].register_forward_hook(lambda module, inputs, output: 2 * output)
    model[1].register_forward_pre_hook(lambda module, inputs: (inputs[0] - 0.1,))
    return model


class Counting(nn.Module):
    """Counts its calls, and keeps the mean of all that it has seen."""

    def __init__(self):
        super().__init__()
        self.body, self.calls = head(convolved(12, 6, 7, stride=2)), 0
        self.register_buffer("rows", torch.zeros(()))
        self.register_buffer("seen", torch.zeros(12))

    def forward(self, x):
        self.calls += 1
        self.rows += len(x)
        self.seen = 0.9 * self.seen + 0.1 * x.detach().mean(dim=(0, 2))
        return self.body(x)


@network("Counts what it sees", "buffers written at every call")
def counting():
    return Counting()


class Remembering(nn.Module):
    """A stage keeps its last activations as an attribute, as networks do whose authors draw them."""

    def __init__(self):
        super().__init__()
        self.body, self.out, self.last = convolved(12, 6, 7, stride=2), nn.Linear(6, 3), None

    def forward(self, x):
        self.last = self.body(x)
        return self.out(self.last.mean(dim=2))


@network("Keeps its activations", "attributes written at every call")
def remembering():
    return Remembering()


@network("Flattened and wide", "Wang et al. 2017 (multilayer perceptron), arXiv:1611.06455")
def perceptron():
    return nn.Sequential(nn.Flatten(), nn.Linear(2880, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3))


@network("Ensemble of copies", "deep ensembles; Lakshminarayanan et al. 2017, arXiv:1612.01474")
def ensemble():
    class Mean(nn.Module):
        def __init__(self):
            super().__init__()
            one = convolved(12, 6, 7, stride=2)
            self.parts, self.out = nn.ModuleList([one, copy.deepcopy(one), convolved(12, 6, 7, stride=2)]), nn.Linear(6, 3)

        def forward(self, x):
            return torch.stack([self.out(part(x).mean(dim=2)) for part in self.parts]).mean(dim=0)

    return Mean()


@network("Lopsided: the future alone", "a convolution that is padded at one end")
def lopsided():
    ahead = Called(lambda x: nn.functional.pad(x, (0, 16)))
    return head(convolved(12, 6, 7), nn.MaxPool1d(2), ahead, nn.Conv1d(6, 6, 17), nn.ReLU())


@network("Turned round", "the window is read from its end")
def reversed_time():
    return head(Called(lambda x: x.flip(2)), convolved(12, 6, 7, stride=2), convolved(6, 6, 7, stride=2))


@network("Cropped", "the ends of the window are left out")
def cropped():
    return head(Called(lambda x: x[:, :, 40:-20]), convolved(12, 6, 7, stride=2), convolved(6, 6, 7, stride=2))
