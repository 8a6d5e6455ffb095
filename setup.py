"""What pyproject.toml cannot say: a wheel carries the accepted results, packed into one file."""

import io
import tarfile
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SCORES = Path(__file__).parent / "leaderboards" / "scores"
ARCHIVE = Path("ecgbench", "results", "accepted.tar.xz")
"""Where the package looks for them, see ecgbench/results/shipped.py."""


class BuildWithResults(build_py):
    """Builds the package, with the accepted results of the source tree where it has some."""

    def run(self) -> None:
        """Build it."""
        super().run()
        if not self.editable_mode and SCORES.is_dir():
            Path(self.build_lib, ARCHIVE).write_bytes(packed(SCORES))


def packed(folder: Path) -> bytes:
    """The files of a folder as a tar archive: the same bytes for the same files, whenever and by whomever it is made."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:xz", preset=9) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
            entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
            entry.size = path.stat().st_size
            with path.open("rb") as file:
                archive.addfile(entry, file)
    return content.getvalue()


setup(cmdclass={"build_py": BuildWithResults})
