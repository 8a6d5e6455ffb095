"""ecgbench: which feature attribution method to trust on an ECG classifier.

The names in `__all__` are the public contract; everything else may change. They are imported when they are first used, so that
`import ecgbench` and the command line start without torch. `controls`, `datasets`, `methods`, `metrics` and `models` are packages that
can be called: they return their entries by key.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
