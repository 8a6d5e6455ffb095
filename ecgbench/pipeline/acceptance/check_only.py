"""Results that are only checked: what the store lacks is named, with the command that computes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ecgbench.errors import NotStoredError, RefusedError
from ecgbench.pipeline.acceptance.identity import compute_command
from ecgbench.pipeline.acceptance.judge import judge, judge_refusal
from ecgbench.pipeline.acceptance.missed_sums import refuse_missed_sum
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.grid.address import Address
from ecgbench.results import Verdict
from ecgbench.types import Scores


def not_stored(run: Run, what: str, flags: Mapping[str, str], error: NotStoredError) -> str:
    """What a check says where the store lacks something.

    Parameters
    ----------
    what : that was to be checked, such as the scores of a cell
    flags : that select it, see `compute_command`
    """
    lacking = f"{error.got} ({error.stage} {error.key[:12]})"
    return f"expected the stored {what}, got {lacking}; compute them first: `{compute_command(run, flags)}`"


def score_and_judge(run: Run, cell: Address, root: Path, update: bool = False) -> tuple[Scores | None, Verdict]:
    """A cell's scores and what `judge` says of them; no scores where they may not be computed and are not stored, or are refused."""
    try:
        scores = run.scores(cell)
        refuse_missed_sum(run, cell.of_maps, root, update)
        return scores, judge(run, cell, scores, root, update)
    except RefusedError as error:
        return None, judge_refusal(run, cell, str(error), root, update)
    except NotStoredError as error:
        return None, Verdict("not_computed", not_stored(run, f"scores of {cell.id}", cell.flags, error))
