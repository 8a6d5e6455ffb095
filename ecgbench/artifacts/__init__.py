"""Content-addressed store of everything that is computed between records and accepted results.

An artifact is one file, `<stage>/<key>.safetensors`: its arrays as tensors, and in the header's metadata a JSON record of its info, the
seconds that it took, what computed it, and a checksum over every byte of the file. A collection is an artifact to which entries are
added over time. Arrays too large for memory are a file attached to an artifact, beside it and with a checksum of its own. `Store` is
what callers rely on; `ArtifactStore` keeps artifacts below a local folder.
"""

from ecgbench.artifacts._artifact import Arrays, Artifact, Attachment, artifact_key, canonical
from ecgbench.artifacts._files import write_atomically
from ecgbench.artifacts._layout import user_cache
from ecgbench.artifacts._locks import file_lock
from ecgbench.artifacts.local_folder import ArtifactStore, DamagedArtifactWarning
from ecgbench.artifacts.store import Entries, Store

__all__ = [
    "Arrays",
    "Artifact",
    "ArtifactStore",
    "Attachment",
    "DamagedArtifactWarning",
    "Entries",
    "Store",
    "artifact_key",
    "canonical",
    "file_lock",
    "user_cache",
    "write_atomically",
]
