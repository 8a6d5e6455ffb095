"""What the author of a submission says was known of the answers; such a row is shown, with the reason, and not ranked."""

from __future__ import annotations

from ecgbench.results import SourceResults

ANSWERS = {"saw_labels": "the labels", "saw_test_set": "the test set"}
"""What an author can say that the method saw, by the name under which accepted results keep it."""


def seen_answers(results: SourceResults) -> str:
    """What the method saw by its author's word, such as "the labels and the test set"; empty if nothing."""
    said = results.submission
    if said is None:
        return ""
    return " and ".join(what for name, what in ANSWERS.items() if said.get(name))
