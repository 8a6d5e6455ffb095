"""Every error that ecgbench raises on purpose, under one base class.

A message says what was expected, what came instead, and the remedy. It is one line that a terminal shows as it is: what came instead may
be a file's or a server's text. The command line catches `EcgbenchError`, and what the system says of files that a user named.
"""

from ecgbench.printable import printable


class EcgbenchError(Exception):
    """Base of all errors that ecgbench raises on purpose."""

    def __str__(self) -> str:
        return printable(str(self.args[0]) if len(self.args) == 1 else Exception.__str__(self))


class UnknownKeyError(EcgbenchError, KeyError):
    """A dataset, method, metric or option was asked for that nobody registered."""


class DuplicateKeyError(EcgbenchError):
    """Two entries of one registry claim the same key."""


class InputError(EcgbenchError, ValueError):
    """An argument, an array or a file's content is not what the call needs."""


class MapError(InputError):
    """A method returned what is no map of its windows: another shape, or values that are not finite."""


class DeviceMemoryError(EcgbenchError, MemoryError):
    """A device has too little memory for what was asked for."""


class RefusedError(InputError):
    """A method cannot explain a model: what the network computes has no rule, or no place in time, or the like."""


class OutputError(EcgbenchError):
    """What was asked for cannot be said, since standard output cannot be written."""


class DataError(EcgbenchError):
    """A record is damaged, incomplete or not of the announced form."""


class MissingDataError(DataError):
    """Records are not where they should be."""


class CheckpointError(EcgbenchError):
    """A file of weights cannot be used as a model."""


class ArtifactError(EcgbenchError):
    """The artifact store cannot be written or read."""


class NotStoredError(ArtifactError):
    """Something that may not be computed, since results are only checked, is not in the artifact store.

    Attributes
    ----------
    stage, key : the artifact's
    got : what is there instead, with its place
    """

    def __init__(self, stage: str, key: str, got: str) -> None:
        super().__init__(f"expected the stored {stage} {key[:12]}, got {got}; compute it first, without --check-only.")
        self.stage, self.key, self.got = stage, key, got


class UnavailableError(EcgbenchError):
    """Something must not be computed in this process, since the worker of a cluster that tried it died."""


class ResultsError(EcgbenchError):
    """A file of accepted results is missing, unreadable or not of the schema."""


class EntryError(EcgbenchError):
    """A registered entry does not pass a trial that all entries of its axis must pass."""


class MapWarning(UserWarning):
    """A map that is returned is not what its method promises."""


class OtherDeviceWarning(UserWarning):
    """Values of another kind of device are stored: they differ in last digits, so that they are computed anew."""


class EntryPointWarning(UserWarning):
    """A package's entry point could not be loaded: what it would register is left out."""
