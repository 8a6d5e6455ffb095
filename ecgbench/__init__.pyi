"""The public contract."""

from . import controls as controls
from . import datasets as datasets
from . import methods as methods
from . import metrics as metrics
from . import models as models
from ._version import __version__ as __version__
from .datasets import load_dataset as load_dataset
from .datasets import read_recording as read_recording
from .datasets import windows as windows
from .methods import explain as explain
from .methods import methods_for as methods_for
from .models import adapt as adapt
from .models import load_model as load_model
from .pipeline import register as register
from .pipeline import register_arrays as register_arrays
from .pipeline import register_family as register_family
from .pipeline import register_records as register_records
from .pipeline import score as score
from .pipeline import train as train
from .report import evaluate as evaluate
from .report import plot as plot
from .results import read_results as read_results
