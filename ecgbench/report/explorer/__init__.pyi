"""What the explorer is made with; names are imported when they are first used (see `__init__.py`)."""

from .accepted import named_models as named_models
from .accepted import shown_models as shown_models
from .accepted import usual_models as usual_models
