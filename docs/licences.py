"""Write docs/licences.md: the licence of every package that constraints.txt names, as its metadata tell it.

Run it as `tox -e licences`, in an environment that holds all of them and pip-licenses.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEAD = """# Licences of the packages in constraints.txt

Made by `tox -e licences`. Quantus is used by tests and races alone and is not installed with the package.

| package | version | licence |
| --- | --- | --- |
"""


def main() -> None:
    """Ask pip-licenses, and write the table."""
    names = [line.partition("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines()]
    command = [sys.executable, "-m", "piplicenses", "--format=json", "--order=name", "--packages", *names]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  (a fixed command, and names of packages)
    found = json.loads(done.stdout)
    rows = "".join(f"| {one['Name']} | {one['Version']} | {one['License']} |\n" for one in found)
    (ROOT / "docs" / "licences.md").write_text(HEAD + rows)


if __name__ == "__main__":
    main()
