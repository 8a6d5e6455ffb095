"""Rating by experts: a blinded reader study of attribution maps, served to browsers, and the tables that come of it.

Names are imported when they are first used; `__init__.pyi` lists them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
