"""What reports offer; names are imported when they are first used (see `__init__.py`)."""

from ._evaluate import evaluate as evaluate
from ._evaluate import evaluate_on as evaluate_on
from ._files import load_weights as load_weights
from ._files import network_of as network_of
from ._files import windows_of as windows_of
from ._plot import plot as plot
from ._report import Picture as Picture
from ._report import Report as Report
