"""What a user wrote, as a number, a path, a URL or a name."""

import os
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgbench.errors import EcgbenchError, InputError, UnknownKeyError
from ecgbench.printable import hidden, is_seen, printable, shortened
from ecgbench.untrusted.texts import (
    LONGEST_NAME,
    file_name,
    file_path,
    folder_path,
    plain_text,
    seed_number,
    seen_text,
    web_address,
    whole_number,
)


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", "1e3", " 1", "1_0", "٣", "²", "1\n", "101", "9" * 5000])
def test_number_is_ascii_digits_within_its_bounds(text):
    with pytest.raises(InputError, match="expected windows as a whole number from 0 to 100, got"):
        whole_number("windows", text, 0, 100)


def test_number_on_its_bounds_is_one():
    assert [whole_number("windows", text, 1, 100) for text in ("1", "100", "007")] == [1, 100, 7]
    assert seed_number("999999999") == 999_999_999


def test_path_of_what_is_not_yet_there_is_one(tmp_path):
    assert file_path(str(tmp_path / "new.npz")) == folder_path(str(tmp_path / "new.npz")) == tmp_path / "new.npz"
    assert file_path("new/below/new") == folder_path("new/below/new")


@pytest.mark.parametrize("text", ["", " ", "\0", "a\0b", "\udcff", "a" * 300, "a/" * 3000])
@pytest.mark.parametrize("check", [file_path, folder_path])
def test_path_that_no_system_has_is_refused(check, text):
    with pytest.raises(InputError, match="expected a path"):
        check(text)


def test_file_is_no_folder_and_a_device_is_neither(tmp_path):
    (tmp_path / "file").write_text("")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "socket"))
    assert file_path(str(tmp_path / "file")) == tmp_path / "file"
    assert folder_path(str(tmp_path)) == tmp_path
    for path, said in (
        (tmp_path, "a folder"),
        (tmp_path / "pipe", "a device"),
        (tmp_path / "socket", "a device"),
        ("/dev/full", "a device"),
    ):
        with pytest.raises(InputError, match=f"expected a file, got .*, which is {said}"):
            file_path(str(path))
    for path, said in ((tmp_path / "file", "a file"), (tmp_path / "pipe", "a device"), ("/dev/zero", "a device")):
        with pytest.raises(InputError, match=f"expected a folder, got .*, which is {said}"):
            folder_path(str(path))


@pytest.mark.parametrize("text", ["http://a", "https://a.example:8080/files/", "http://[::1]:80/"])
def test_url_is_one(text):
    assert web_address(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "ftp://a",
        "http://",
        "http:///a",
        "http://[::1",
        "http://a:99999",
        "http://a:b",
        "http://a b",
        "http://a\n",
        "http://\u200b",
    ],
)
def test_what_is_no_url_is_refused(text):
    with pytest.raises(InputError, match="expected an http:// or https:// URL, got"):
        web_address(text)


def test_text_that_cannot_be_handed_on_is_refused():
    assert plain_text("\x1b é 心") == "\x1b é 心"
    for text in ("a\0", "\ud800"):
        with pytest.raises(InputError, match="expected a text in UTF-8 without NUL"):
            plain_text(text)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        *((name, "which is a device on Windows") for name in ("con", "AUX", "nul", "prn", "com1", "LPT9", "com¹", "nul.txt", "conin$")),
        *(
            (name, "of characters that are seen")
            for name in ("a\u3164", "\u2800", "a\u200bb", "\u202ea", "a\x1b[0m", "a\0", "\u00ad", "\ud800")
        ),
        *((name, "composed form") for name in ("e\u0301", "A\u030a", "\u212b")),
        *((name, "without spaces at its ends") for name in ("a ", " a", " ")),
        *((name, "without a dot at its ends") for name in ("a.", ".a", "..", "a/b", "a\\b", "a:b", "a*", 'a"', "a?", "<a>", "a|b")),
        *((name, f"of 1 to {LONGEST_NAME} characters") for name in ("", "a" * (LONGEST_NAME + 1))),
    ],
)
def test_name_that_is_no_files_is_refused_with_the_reason(name, why):
    with pytest.raises(InputError, match="expected a name .*" + why.replace("(", r"\(")):
        file_name("a name", name)


@pytest.mark.parametrize("name", ["a", "my_method", "lrp-2.1", "é", "心電図", "a b", "console", "com10", "null", "a" * LONGEST_NAME])
def test_name_that_every_system_has_is_one(name):
    assert file_name("a name", name) == seen_text("a name", name) == name


@given(st.text(max_size=20))
def test_printed_text_has_only_characters_that_are_seen_and_lines_where_they_are_wanted(text):
    assert all(map(is_seen, printable(text)))
    assert printable(text, kept="\n").count("\n") == text.count("\n")
    assert not hidden(printable(text))
    if not hidden(text):
        assert printable(text) == text


@given(st.text(max_size=20))
def test_error_is_one_line_that_a_terminal_shows(text):
    assert str(EcgbenchError(text)) == str(UnknownKeyError(text)) == printable(text)


def test_error_without_or_with_several_arguments_says_them():
    assert str(EcgbenchError()) == ""
    assert str(EcgbenchError("a", "\x1b")) == "('a', '\\x1b')"


def test_long_text_is_shortened_in_the_middle():
    assert shortened("a" * 200) == "a" * 200
    assert shortened("a" * 150 + "b" * 150) == "a" * 100 + "..." + "b" * 100
