"""What tells the windows and models that maps must explain from any others, and what is said where they are others."""

from __future__ import annotations

from ecgbench.errors import InputError
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.compute.subject import array_digest
from ecgbench.pipeline.grid.address import ModelAddress
from ecgbench.pipeline.submissions.header import Form
from ecgbench.results.reading.leaves import Digest


class ExplainedDigests(Form, frozen=True):
    """Digests of a seed's model, of its explained windows (`x`) and of the class that is explained of each (`target`)."""

    model: Digest
    x: Digest
    target: Digest


def windows_of(run: Run, of: ModelAddress) -> ExplainedDigests:
    """The digests of what is explained here of a seed's model."""
    explained = run.explained(of)
    return ExplainedDigests(run.model(of).digest, array_digest(explained.windows.x), array_digest(explained.target))


def other_model(of: ModelAddress, where: object) -> InputError:
    """The error that says that maps explain another model."""
    return InputError(
        f"expected maps of the model of {of.dataset} seed {of.seed} that is here, got another model's in {where}; take its weights with "
        f"`ecgbench train {of.dataset} --seed {of.seed} --from FILE`, or explain the one that is here, as `ecgbench train` writes it."
    )


def other_windows(of: ModelAddress, where: object, what: str) -> InputError:
    """The error that says that maps explain other windows."""
    return InputError(
        f"expected maps of the windows of {of.dataset} seed {of.seed} that are explained, got {what} in {where}; explain those that "
        f"`ecgbench windows {of.dataset} --seed {of.seed}` writes with the same options and the same models of all seeds."
    )
