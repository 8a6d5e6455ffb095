"""A user's own board: all methods on a network of his own, the report of it, and pictures of maps.

Names are imported when they are first used, so that pictures are drawn without torch; `__init__.pyi` lists them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
