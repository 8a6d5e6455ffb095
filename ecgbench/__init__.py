"""ecgbench: which feature attribution method to trust on an ECG classifier.

The names in `__all__` are the public contract; everything else may change. They are imported when they are first used, so that
`import ecgbench` and the command line start without torch. `controls`, `datasets`, `methods` and `metrics` are packages that can be
called: they return their entries by key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["controls", "datasets", "methods", "metrics"],
    submod_attrs={
        "datasets": ["load_dataset", "register_arrays", "register_records", "windows"],
        "methods": ["explain"],
        "models": ["load_model"],
        "pipeline": ["register", "score", "train"],
        "results": ["read_results"],
    },
)

if TYPE_CHECKING:
    from ecgbench import controls, datasets, methods, metrics  # noqa: F401
    from ecgbench.datasets import load_dataset, register_arrays, register_records, windows  # noqa: F401
    from ecgbench.methods import explain  # noqa: F401
    from ecgbench.models import load_model  # noqa: F401
    from ecgbench.pipeline import register, score, train  # noqa: F401
    from ecgbench.results import read_results  # noqa: F401
