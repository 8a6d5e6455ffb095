"""Names of a user's own records and patients: what would obey a terminal, hide on a page, or lead out of a folder is refused in a line."""

import numpy as np
import pytest

import ecgbench
from ecgbench.datasets.own.records import _patients
from ecgbench.errors import InputError
from ecgbench.printable import hidden
from ecgbench.untrusted.texts import LONGEST_NAME
from tests.datasets.own.raised_windows import raised, side

pytestmark = pytest.mark.usefixtures("registries_restored")

X, Y = raised(4)

ODD = {
    "terminal's command": ("\x1b[2J", r'of characters that are seen, got "\\x1b\[2J" with U\+001B; leave'),
    "NUL, which an array would lose": ("a\0", r'of characters that are seen, got "a\\x00" with U\+0000; leave'),
    "two lines": ("a\nb", r'of characters that are seen, got "a\\nb" with U\+000A; leave'),
    "nothing seen": ("a\u200b", r'of characters that are seen, got "a\\u200b" with U\+200B; leave'),
    "other direction": ("a\u202eb", r"of characters that are seen, .* with U\+202E; leave"),
    "half of a pair": ("\ud800", r'of characters that are seen, got "\\ud800" with U\+D800; leave'),
    "accent apart": ("e\u0301", r"in Unicode's composed form \(NFC\), got"),
    "space in front": (" a", 'without spaces at its ends, got " a"; leave'),
    "empty": ("", r'(of 1 to 64 characters, got 0, ""; name another|as 1 or more different texts)'),
    "long": ("n" * 5000, 'of 1 to 64 characters, got 5000, "n+...n+"; name another'),
}

NAMED = {
    "record": lambda name: ecgbench.windows(X, Y, record=[name, "b", "c", "d"]),
    "patient": lambda name: ecgbench.windows(X, Y, patient=[name, "b", "c", "d"]),
    "own record": lambda name: own_records(train=[name]),
    "own patient": lambda name: own_records(patients={"a": name}),
}

PLACES = {"record": "record", "patient": "patient", "own record": "train", "own patient": "patients"}
"""What a message calls them."""


def own_records(train=("a",), **options):
    return ecgbench.register_records("my_records", "nowhere", train=train, test=("b",), fs=250, window=100, **options)


@pytest.mark.parametrize("case", ODD)
def test_name_that_cannot_be_shown_as_it_is_is_refused_in_one_short_line(case):
    name, message = ODD[case]
    for what, register in NAMED.items():
        with pytest.raises(InputError, match=f"expected .*{PLACES[what]}.* {message}") as caught:
            register(name)
        assert len(str(caught.value)) < 400
        assert hidden(str(caught.value)) == []


@pytest.mark.parametrize("name", ["../b", "/etc/a", "p/../../b", ".a", "p//a", "p\\a", "C:a", "con"])
def test_own_record_that_leads_out_of_its_folder_or_is_no_file_is_refused(name):
    with pytest.raises(InputError, match=r"expected each part of each record in train between slashes (of|without|that can be)"):
        own_records(train=[name])


def test_own_record_may_lie_in_a_folder_below():
    assert own_records(train=["p00/a-1", "p01/a-1"]).protocol.train == ("p00/a-1", "p01/a-1")


def test_names_of_arrays_are_no_paths():
    """They never become a file's name, so that a slash means nothing in them."""
    assert ecgbench.windows(X, Y, record=["../a", "/a", "a\\b", "con"]).record.tolist() == ["../a", "/a", "a\\b", "con"]


@pytest.mark.parametrize("patient", [None, float("nan"), 1.5, True, ["a"], b"a"])
def test_patient_that_is_no_name_is_refused(patient):
    with pytest.raises(InputError, match="expected patients as names or whole numbers, got"):
        _patients({"a": patient}, ["a"])


@pytest.mark.parametrize("patients", [["a"], "ab", [("a", "b")]])
def test_patients_that_are_no_mapping_are_refused(patients):
    with pytest.raises(InputError, match=r'expected patients as a mapping such as {"record": "patient"}, got (list|str); name'):
        _patients(patients, ["a"])


def test_texts_and_numbers_are_not_mixed_as_one_and_the_other_would_become_one_patient():
    with pytest.raises(InputError, match="expected patients as either names or whole numbers, got both"):
        own_records(patients={"a": 1, "b": "1"})
    assert dict(own_records(patients={"a": 1, "b": 2}).protocol.patients) == {"a": "1", "b": "2"}


def test_names_of_all_letters_and_the_longest_are_kept():
    names = ["Žižek ß 中", "n" * LONGEST_NAME, "-1", "a b"]
    assert side(patient=names * 6).patient.tolist() == names * 6
    assert ecgbench.windows(X, Y, patient=np.array([-5, 10**18, 0, 7])).patient.tolist() == ["-5", str(10**18), "0", "7"]
