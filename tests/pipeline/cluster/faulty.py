"""Methods that fail, each in its own way, and a recipe of few epochs; workers load them by Dask's `preload`."""

import os
import signal
from dataclasses import replace

import numpy as np

import ecgbench

PRELOADED = {"distributed.worker.preload": [__name__]}
"""What Dask's settings say to workers that are to know them."""

EPOCHS = 4
"""Of a training that a test ends in its middle."""


def dask_setup(worker):
    register()


def register():
    @ecgbench.register("recipes", version=1, reference="this test", title="few epochs")
    def brief(usual):
        """So few that a test can wait for them."""
        return replace(usual, epochs=EPOCHS)

    @ecgbench.register("methods", version=1, reference="this test", passes=1)
    def raising(model, x, target):
        """Fails in a way that nobody foresaw."""
        raise ZeroDivisionError("no such luck")

    @ecgbench.register("methods", version=1, reference="this test", passes=1)
    def dying(model, x, target):
        """Ends its process, as a fault in a library of C does."""
        os.kill(os.getpid(), signal.SIGKILL)

    @ecgbench.register("methods", version=1, reference="this test", passes=1)
    def hungry(model, x, target):
        """Takes memory until its worker is ended."""
        held = []
        while True:
            held.append(np.ones(10_000_000))
