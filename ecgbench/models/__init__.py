"""Models: windows become a trained network, and a network becomes a callable that metrics can evaluate. One file per architecture.

Names are imported when they are first used, so that architectures can be listed without torch; `__init__.pyi` lists them.
"""

import lazy_loader

from ecgbench.models._registry import MODELS
from ecgbench.registry import make_callable

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

make_callable(__name__, MODELS)
