"""The pipeline: the only place that strings datasets, models, methods and metrics together, and judges and accepts results.

Names are imported when they are first used, so that cells can be listed and options parsed without torch; `__init__.pyi` lists them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
