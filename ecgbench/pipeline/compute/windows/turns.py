"""The order in which windows are taken: classes in equal shares, patients in turn, and within a patient by chance that a hash decides."""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict

import numpy as np
from jaxtyping import Int64

from ecgbench.types import Windows


def share_out(windows: Windows, target: Int64[np.ndarray, " n"], secret: bytes = b"") -> Int64[np.ndarray, " n"]:
    """Order in which windows are taken, so that any head of it has classes in equal shares and patients in turn.

    With a secret, nobody who doesn't have it can tell the order within a patient, or whose turn comes first.
    """
    hashes = [_hash(str(record), int(start), secret) for record, start in zip(windows.record, windows.start, strict=True)]
    queues: dict[tuple[int, str], list[int]] = defaultdict(list)
    for i in sorted(range(len(windows)), key=lambda i: hashes[i]):
        queues[int(target[i]), str(windows.patient[i])].append(i)
    turns = [(turn, hashes[queue[0]], class_, i) for (class_, _), queue in queues.items() for turn, i in enumerate(queue)]
    ranked = []
    for wanted in sorted({class_ for class_, _ in queues}):
        of_class = sorted((turn, first, i) for turn, first, class_, i in turns if class_ == wanted)
        ranked += [(rank, wanted, i) for rank, (_, _, i) in enumerate(of_class)]
    return np.array([i for _, _, i in sorted(ranked)], dtype=np.int64)


def _hash(record: str, start: int, secret: bytes) -> bytes:
    text = f"{record}/{start}".encode()
    return hmac.digest(secret, text, "sha256") if secret else hashlib.sha256(text).digest()
