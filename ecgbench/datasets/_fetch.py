"""Where records come from."""

from __future__ import annotations

from pathlib import Path

from ecgbench.protocol import DatasetProtocol


def fetch_command(numbers: DatasetProtocol, root: Path) -> str:
    """The command that fetches a database's records into `root`, whole and resumable."""
    return f"wget -r -N -c -np -nH --cut-dirs=1 -P {root} https://physionet.org/files/{numbers.slug}/{numbers.version}/"
