"""Content-addressed store of everything that is computed between records and accepted results.

An artifact is a folder `<stage>/<key>/` of `arrays.safetensors` and `artifact.json` (checksums, what it was computed from,
seconds); arrays too large for memory are a file attached to them, of which only the size is checked. The folder is written beside
its place, fsynced and renamed, so that it is whole or absent. A lock lets two processes compute a thing once. A damaged artifact is
set aside and computed anew, with a warning.
"""

from ecgbench.artifacts._artifact import ARRAYS, RECORD, Arrays, Artifact, artifact_key, canonical, write_atomically
from ecgbench.artifacts._store import ArtifactStore, DamagedArtifactWarning, user_cache

__all__ = [
    "ARRAYS",
    "RECORD",
    "Arrays",
    "Artifact",
    "ArtifactStore",
    "DamagedArtifactWarning",
    "artifact_key",
    "canonical",
    "user_cache",
    "write_atomically",
]
