"""A small study with known answers, and raters of known skill."""

import base64
import json

import numpy as np

from ecgbench.rating import Case, Design, Ratings

FS, TIME, MAPS = 128.0, 256, ("gradcam", "lrp", "saliency")
"""gradcam lies on the feature, saliency half on it, lrp beside it."""

RATERS = ("Ada", "<img src=x onerror=alert(1)>")
DESIGN = Design("synthetic", "resnet18_7_narrow", 1, {}, 4, MAPS, RATERS, 3)
_METHODS = tuple(part for name in MAPS for part in ("--method", name))
COMMAND = ("rate", "synthetic", "--samples", "4", "--seed", "3", *_METHODS, "--raters", *RATERS)
"""What asks for the same design."""


def place(case):
    """First and last sample of the feature of a case."""
    return 30 + 40 * case, 60 + 40 * case


def cases(leads=("MLII", "<b>V1</b>")):
    """Four cases whose signal is flat but for a block in every lead, where the feature is."""
    return [_case(number, leads) for number in range(4)]


def _case(number, leads):
    on, off = place(number)
    signal, maps = np.zeros((len(leads), TIME), dtype=np.int16), {}
    signal[:, on:off] = 1000
    rng = np.random.default_rng(number)
    for name, shift in (("gradcam", 0), ("saliency", 15), ("lrp", 40), ("r_peaks", 0)):
        maps[name] = np.zeros((len(leads), TIME), dtype=np.int8)
        maps[name][:, on + shift : off + shift] = 127
    maps["random_baseline"] = rng.integers(-127, 128, (len(leads), TIME)).astype(np.int8)
    scores = {name: {"auc": 1.0} for name in maps}
    return Case(f"r{number}", f"p{number // 2}", "VEB", 0, FS, tuple(leads), signal, maps, scores)


def make(path, design=DESIGN):
    """Write the study."""
    return Ratings.make(path, design, cases(), {"simulated": True})


def decoded(shown, name, dtype):
    """An array of what the page was sent, (leads, time)."""
    return np.frombuffer(base64.b64decode(shown[name]), dtype).reshape(len(shown["leads"]), -1)


def careful(shown):
    """Points for the share of the map on the feature, which this rater sees in the signal; noise points nowhere."""
    feature = decoded(shown, "signal", "<i2") > 0
    share = np.abs(decoded(shown, "map", np.int8)[feature].astype(float)).sum() / np.abs(decoded(shown, "map", np.int8).astype(float)).sum()
    points = 1 + round(4 * share) if share > 0.3 else 1
    return points, 6 - points


def careless(rng):
    """A rater whose answers depend on nothing."""

    def rate(shown):
        return int(rng.integers(1, 6)), int(rng.integers(1, 6))

    return rate


def answer_all(client, token, rate):
    """Answer all trials of a rater through the server; returns what was shown and said."""
    said = []
    while not (shown := client.get("/api/trial", headers=bearer(token)).get_json())["done"]:
        answer = {"position": shown["position"], "seconds": 1.0}
        if shown["kind"] == "region":
            on, off = np.flatnonzero(decoded(shown, "signal", "<i2")[0])[[0, -1]].tolist()
            answer["regions"] = [[0, on, off + 1]]
        else:
            answer["feature"], answer["misleading"] = rate(shown)
        sent = client.post("/api/answer", data=json.dumps(answer), headers=bearer(token))
        assert sent.status_code == 200, sent.get_json()
        said.append((shown, answer))
    return said


def bearer(token):
    """The header that says who asks."""
    return {"Authorization": f"Bearer {token}"}
