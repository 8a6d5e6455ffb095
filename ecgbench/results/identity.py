"""What accepted numbers are of, and the place of their files and page that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from ecgbench.results.reading.leaves import Text

SEEDED: Literal["seeded"] = "seeded"
"""How windows were chosen before schema 3 (see `Identity`)."""


@dataclass(frozen=True)
class Identity:
    """What must be the same for two values of a cell to be compared.

    Attributes
    ----------
    dataset : the dataset's key
    differs : what differs from the dataset's default identity, such as "study+samples-20"; empty for the default one
    model : key of the models' architecture, with "+" and their recipe's behind it where that is not the study's
    edition, split, labels, protocol : as the dataset was loaded; the edition is empty where there is only one
    samples : explained windows of each model, or "all"
    explained : "common", windows that the models of all the dataset's seeds recognise; "own", of each model those that it alone does;
        "predicted", those in which it predicts something abnormal, right or wrong, with the predicted class; or "seeded", its own in an
        order that hangs on the seed, as windows were chosen before schema 3
    simulated : whether the records come from the simulator
    windows : key of the dataset's windows
    """

    dataset: Text
    differs: Text
    model: Text
    edition: Text
    split: Text
    labels: Text
    protocol: Text
    samples: Annotated[int, Meta(ge=1)] | Literal["all"]
    explained: Literal["common", "own", "predicted", "seeded"]
    simulated: bool
    windows: Text

    @property
    def folder(self) -> str:
        """Folder of the results of all models: the dataset's key, with "@" and what differs from its default identity behind it."""
        return f"{self.dataset}@{self.differs}" if self.differs else self.dataset


def results_path(root: Path, identity: Identity, source: str) -> Path:
    """File of the accepted results of a method, control or submission below `root`."""
    return root / identity.folder / identity.model / f"{source}.json"


def page_name(folder: str, model: str, default_model: str) -> str:
    """Name of the page of a folder's results of one model: the folder's, with the model behind it unless it is the dataset's own."""
    return folder if model == default_model else f"{folder}-{model}"
