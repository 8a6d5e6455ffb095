"""Windows for the explorer that are made up: small, known to the sample, and with names that are markup."""

import numpy as np

from ecgbench.leaderboard.site.explorer.case import DEVIATIONS, MILLIVOLTS, Beat, Beats, Case, Shown

HOSTILE = '<img src=x onerror="window.injected = true">'
TWELVE = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
FS, TIME = 100, 800


def one_lead(number):
    """A window of 8 s with three beats and one before it; `peak` speaks for the class at the second one, and against it at the last."""
    rng = np.random.default_rng(number)
    signal = rng.standard_normal((1, TIME)).astype(np.float32) * 0.05
    signal[0, [100, 400, 700]] += 1
    marks = np.zeros((1, TIME), dtype=bool)
    marks[0, 380:420] = True
    peak = np.zeros((1, TIME), dtype=np.float32)
    peak[0, 380:440], peak[0, 660:740] = 1, -1
    shown = [Beat(100, "N", "N", False), Beat(400, "V", "VEB", True), Beat(700, "N", "N", False)]
    beats = Beats(shown, np.array([-40.0, 100.0, 400.0, 700.0]), "as annotated")
    maps = {"peak": peak, "noise": rng.standard_normal((1, TIME)).astype(np.float32), "flat": np.zeros((1, TIME), dtype=np.float32)}
    maps |= {"control": np.ones((1, TIME), dtype=np.float32)}
    return Case(f"record {number}, 0:00 to 0:08", "VEB", signal, marks, beats, [0.1, 0.875], maps)


def many_leads(leads, time, sources, label):
    """A window without known beats and marks."""
    rng = np.random.default_rng(time)
    beats = Beats([], np.empty(0), "")
    maps = {key: rng.standard_normal((leads, time)).astype(np.float32) for key in sources}
    signal = np.cumsum(rng.standard_normal((leads, time)).astype(np.float32), axis=1) * 0.01
    return Case(label, label, signal, np.zeros((leads, time), dtype=bool), beats, [0.25, 0.75], maps)


def shown_models():
    """Two models of a lead, one of twelve, and one whose every name is markup."""
    kinds = {"peak": "method", "noise": "method", "flat": "method", "control": "control"}
    cases = [one_lead(number) for number in range(3)]
    first = ["peak", "control"]
    models = [
        Shown(
            "single",
            "One lead",
            f"net-seed{seed}",
            FS,
            ("MLII",),
            ("N", "VEB"),
            MILLIVOLTS,
            kinds,
            ["noise"],
            first,
            "what makes the label",
            cases,
        )
        for seed in (1, 2)
    ]
    twelve = {"peak": "method", "noise": "method"}
    case = many_leads(12, 5000, twelve, "AF")
    models.append(Shown("twelve", "Twelve leads", "net-seed1", 500, TWELVE, ("NSR", "AF"), MILLIVOLTS, twelve, [], ["peak"], "it", [case]))
    key = HOSTILE.replace("/", "")
    hostile = many_leads(2, 200, [key], HOSTILE)
    leads, classes = (HOSTILE, f"{HOSTILE}2"), ("usual", HOSTILE)
    models.append(Shown(key, HOSTILE, key, 100, leads, classes, DEVIATIONS, {key: "method"}, [], [key], HOSTILE, [hostile]))
    return models
