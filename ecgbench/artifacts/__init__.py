"""Content-addressed store of everything that is computed between records and accepted results.

An artifact is one file, `<stage>/<key>.safetensors`: its arrays as tensors, and in the header's metadata a JSON record of its stage and
key, its info, the seconds that it took, what computed it, and a checksum over every byte of the file. A file that does not match its
checksum, its name or the schema of records is damaged: it is set aside and computed anew, or refused where nothing may be computed. A
collection is an artifact to which entries are added over time. Arrays too large for memory are a file attached to an artifact, beside it
and with a checksum of its own. `Store` is what callers rely on; `ArtifactStore` keeps artifacts below a local folder.
"""

from ecgbench.artifacts._artifact import Arrays, Artifact, Attachment, artifact_key, canonical
from ecgbench.artifacts._damage import DamagedArtifactWarning, OtherLayoutWarning
from ecgbench.artifacts._files import USER_REMEDY, write_atomically, writing
from ecgbench.artifacts._layout import default_root, unfinished, user_cache
from ecgbench.artifacts._locks import file_lock
from ecgbench.artifacts._record import DamageError, OtherLayoutError
from ecgbench.artifacts._travel import pack, take_in, touched
from ecgbench.artifacts.local_folder import ArtifactStore
from ecgbench.artifacts.store import Entries, Store

__all__ = [
    "USER_REMEDY",
    "Arrays",
    "Artifact",
    "ArtifactStore",
    "Attachment",
    "DamageError",
    "DamagedArtifactWarning",
    "Entries",
    "OtherLayoutError",
    "OtherLayoutWarning",
    "Store",
    "artifact_key",
    "canonical",
    "default_root",
    "file_lock",
    "pack",
    "take_in",
    "touched",
    "unfinished",
    "user_cache",
    "write_atomically",
    "writing",
]
