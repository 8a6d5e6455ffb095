"""What every worker on this machine needs, imported once by the process of which they are forked (see `local.warm_up`)."""

from contextlib import suppress

import distributed.nanny  # noqa: F401  imported for what it leaves in memory
import torch  # noqa: F401

from ecgbench.pipeline.cluster import worker  # noqa: F401
from ecgbench.pipeline.cluster.versions import described

with suppress(Exception):  # a broken entry ends the worker that uses it, with its reason, not the process of which all are forked
    described()
