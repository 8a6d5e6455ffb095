"""What the explorer shows: windows and maps of accepted models, or of a user's own network.

Names are imported when they are first used, so that the command line starts without torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
