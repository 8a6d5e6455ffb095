"""What models offer; names are imported when they are first used (see `__init__.py`)."""

from ._build import labelled as labelled
from ._build import outputs_of as outputs_of
from ._build import untrained as untrained
from ._checkpoint import load_model as load_model
from ._checkpoint import model_digest as model_digest
from ._checkpoint import model_from as model_from
from ._checkpoint import read_checkpoint as read_checkpoint
from ._checkpoint import save_model as save_model
from ._checkpoint import weights_of as weights_of
from ._evaluate import compact as compact
from ._evaluate import evaluator as evaluator
from ._evaluate import plain_evaluator as plain_evaluator
from ._forward import OnImages as OnImages
from ._forward import forward as forward
from ._forward import predict as predict
from ._measures import evaluate_predictions as evaluate_predictions
from ._registry import MODELS as MODELS
from ._registry import Form as Form
from ._registry import ModelEntry as ModelEntry
from ._registry import recipe_of as recipe_of
from ._shipped import ship as ship
from ._shipped import shipped_model as shipped_model
from ._shipped import shipped_record as shipped_record
from ._shipped import shipped_weights as shipped_weights
from ._train import Training as Training
from ._train import train_model as train_model
