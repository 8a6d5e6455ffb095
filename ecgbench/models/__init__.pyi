"""What models offer; names are imported when they are first used (see `__init__.py`)."""

from ._evaluate import compact as compact
from ._evaluate import evaluator as evaluator
from ._evaluate import plain_evaluator as plain_evaluator
from ._forward import OnImages as OnImages
from ._forward import forward as forward
from ._forward import predict as predict
from ._registry import MODELS as MODELS
from ._registry import Form as Form
from ._registry import ModelEntry as ModelEntry
from ._registry import recipe_of as recipe_of
from .checkpoints.checkpoint import load_model as load_model
from .checkpoints.checkpoint import model_digest as model_digest
from .checkpoints.checkpoint import model_from as model_from
from .checkpoints.checkpoint import read_checkpoint as read_checkpoint
from .checkpoints.checkpoint import save_model as save_model
from .checkpoints.checkpoint import weights_of as weights_of
from .checkpoints.shipped import ship as ship
from .checkpoints.shipped import shipped_model as shipped_model
from .checkpoints.shipped import shipped_record as shipped_record
from .checkpoints.shipped import shipped_weights as shipped_weights
from .training.build import labelled as labelled
from .training.build import outputs_of as outputs_of
from .training.build import untrained as untrained
from .training.measures import evaluate_predictions as evaluate_predictions
from .training.train import Training as Training
from .training.train import train_model as train_model
