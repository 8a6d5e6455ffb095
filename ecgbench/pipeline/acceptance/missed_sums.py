"""Maps that miss the sum which their method promises: on some architectures that is a fact about the method, which is accepted as such.

Integrated gradients with 50 steps, for example, miss it behind a recurrent layer. Scores of such maps would be the step width's, not the
method's. They fail until somebody has looked and accepted that the method does not apply to these models as it is.
"""

from __future__ import annotations

from pathlib import Path

from ecgbench.errors import RefusedError
from ecgbench.pipeline.acceptance.judge import is_accepted_refusal
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.compute.sources.health import missed_sum
from ecgbench.pipeline.grid.address import MapsAddress


def refuse_missed_sum(run: Run, of: MapsAddress, root: Path, update: bool = False) -> None:
    """Refuse maps that are sound but for their sum, where this was accepted of the same model below `root` or is about to be.

    Parameters
    ----------
    update : whether what the run finds is about to be accepted

    Raises
    ------
    RefusedError
        With the error of the sum, and as from `Run.maps`.
    ResultsError
        If the accepted refusals cannot be read.
    """
    source, measured, protocol = run.source(of.source), run.maps(of).health, run.options.protocol
    missed = missed_sum(measured, source.sum_within(protocol))
    is_all = "sum_error" in measured and missed == source.illness(measured, protocol)
    if missed and is_all and (update or is_accepted_refusal(run, of, root)):
        raise RefusedError(missed)
