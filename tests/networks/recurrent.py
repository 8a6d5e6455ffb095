"""Recurrent networks, alone and behind convolutions."""

import torch
from torch import nn

from .table import Called, Last, convolved, network, swapped


def pooled(kernel):
    return nn.Sequential(convolved(12, 6, 7), nn.MaxPool1d(kernel), swapped())


@network("CNN-LSTM", "Oh et al. 2018, doi:10.1016/j.compbiomed.2018.06.002")
def oh():
    stages = [
        nn.Conv1d(12, 3, 20),
        nn.ReLU(),
        nn.MaxPool1d(2),
        nn.Conv1d(3, 6, 10),
        nn.ReLU(),
        nn.MaxPool1d(2),
        nn.Conv1d(6, 6, 5),
        nn.ReLU(),
    ]
    recurrent = [swapped(), Last(nn.LSTM(6, 5, batch_first=True)), Called(lambda x: x[:, -1])]
    return nn.Sequential(*stages, nn.MaxPool1d(2), *recurrent, nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 3))


@network("BiLSTM on samples", "Yildirim 2018, doi:10.1016/j.compbiomed.2018.03.016")
def bilstm():
    down = [nn.AvgPool1d(8), swapped()]
    return nn.Sequential(
        *down, Last(nn.LSTM(12, 5, bidirectional=True, batch_first=True)), Called(lambda x: x.mean(dim=1)), nn.Linear(10, 3)
    )


@network("GRU, two layers", "Cho et al. 2014, arXiv:1406.1078")
def gru():
    return nn.Sequential(pooled(8), Last(nn.GRU(6, 5, 2, batch_first=True)), Called(lambda x: x[:, -1]), nn.Linear(5, 3))


@network("CRNN", "Zihlmann et al. 2017, arXiv:1710.06122")
def crnn():
    recurrent = Last(nn.LSTM(6, 4, bidirectional=True, batch_first=True))
    return nn.Sequential(pooled(4), recurrent, swapped(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 3))


class LstmFcn(nn.Module):
    """A recurrent branch over the leads (dimension shuffle) beside a convolutional one."""

    def __init__(self):
        super().__init__()
        self.fcn = nn.Sequential(convolved(12, 6, 9), convolved(6, 6, 5))
        self.lstm, self.dropout, self.out = nn.LSTM(240, 4, batch_first=True), nn.Dropout(0.8), nn.Linear(10, 3)

    def forward(self, x):
        _, (state, _) = self.lstm(x)
        return self.out(torch.cat([self.dropout(state[-1]), self.fcn(x).mean(dim=2)], dim=1))


@network("LSTM-FCN, leads as steps", "Karim et al. 2018, doi:10.1109/ACCESS.2017.2779939")
def lstm_fcn():
    return LstmFcn()


class Attended(nn.Module):
    """A GRU whose states are averaged with learned weights."""

    def __init__(self):
        super().__init__()
        self.stem, self.gru = pooled(6), nn.GRU(6, 4, bidirectional=True, batch_first=True)
        self.score, self.out = nn.Sequential(nn.Linear(8, 4), nn.Tanh(), nn.Linear(4, 1, bias=False)), nn.Linear(8, 3)

    def forward(self, x):
        states, _ = self.gru(self.stem(x))
        weights = torch.softmax(self.score(states), dim=1)
        return self.out((weights * states).sum(dim=1))


@network("RNN with attention", "Schwab et al. 2017, arXiv:1710.06122; Yang et al. 2016, doi:10.18653/v1/N16-1174")
def attended():
    return Attended()


class Cells(nn.Module):
    """An LSTM cell called in a loop."""

    def __init__(self):
        super().__init__()
        self.stem, self.cell, self.out = nn.AvgPool1d(16), nn.LSTMCell(12, 5), nn.Linear(5, 3)

    def forward(self, x):
        state = None
        for step in self.stem(x).unbind(dim=2):
            state = self.cell(step, state)
        return self.out(state[0])


@network("LSTM cell in a loop", "Hochreiter & Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735")
def cells():
    return Cells()
