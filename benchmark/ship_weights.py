"""Put trained weights among those that the package ships: without their dead channels, compressed, beside the training's record.

    ecgbench train mitdb --seed 1 --precision bf16 --out mitdb.safetensors
    python benchmark/ship_weights.py mitdb.safetensors

The network's logits stay the same up to rounding, which is measured on the dataset's test windows and printed. Weights that take more than
2 MiB are rounded with `--bits 16`: what is then shipped is another network with nearly the same logits, whose record says so.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from ecgbench.datasets import load_dataset
from ecgbench.models import USUAL, load_model, model_name, predict, ship, shipped_weights

LARGEST = 2 << 20
"""Bytes that one network's weights may take."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path, help="safetensors file as `ecgbench train --out` writes it, its record beside it")
    parser.add_argument("--bits", type=int, choices=range(8, 24), metavar="8..23", help="significant bits that weights are rounded to")
    given = parser.parse_args()
    info = json.loads(given.checkpoint.with_suffix(".json").read_text())
    dataset = load_dataset(info["dataset"])
    if dataset.key != info["data"]:
        print(f"expected weights trained on the {dataset.name} that is loaded here, got others; fetch the same records.", file=sys.stderr)
        return 2
    model = load_model(given.checkpoint)
    trained_as = model_name(info["form"]["model"], info["recipe"].get("name", USUAL))
    folder, name = Path(str(shipped_weights())), f"{dataset.name}-{trained_as}-seed{info['seed']}"
    smaller = ship(model, info, name, folder, given.bits)
    change = np.abs(predict(smaller, dataset.test) - predict(model, dataset.test)).max()
    size = (folder / f"{name}.safetensors.xz").stat().st_size
    print(f"{name}: {size / 2**20:.2f} MiB, logits of the test windows change by at most {change:.1e}")
    return 0 if size <= LARGEST else 1


if __name__ == "__main__":
    sys.exit(main())
