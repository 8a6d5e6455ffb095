"""What an author may say of a method: what pages and terminals show as it is."""

from dataclasses import replace

import pytest

from ecgbench.errors import InputError
from ecgbench.pipeline import check_about
from tests.pipeline.submissions.submission_files import ABOUT


def refused(message, **changed):
    with pytest.raises(InputError, match=message):
        check_about(replace(ABOUT, **changed))


def test_name_that_is_no_plain_one_or_a_methods_or_controls_is_refused():
    for name in ("../x", "a\0b", "a\\b", "m\u0435thod", "Method", "1st", "a", "x\n", "", "x" * 41, "m_abs", "a-b"):
        refused("expected a name of 2 to 40 small letters, digits and underscores", name=name)
    for name in ("con", "nul", "com1"):
        refused(f'expected a name that can be a file\'s, got "{name}", which is a device on Windows', name=name)
    for name in ("saliency", "amplitude"):
        refused("expected a name that no method of the benchmark has", name=name)


def test_reference_is_a_doi_a_preprint_or_a_page():
    for reference in ("doi:10.1000/xyz", "arXiv:1706.03825", "https://example.org/paper"):
        check_about(replace(ABOUT, reference=reference))
    for reference in ("", "javascript:alert(1)", "doi:11.1/x", "https://", "doi:10.1/x y"):
        refused("expected a reference as doi:10", reference=reference)


def test_text_that_a_page_would_not_show_as_it_is_is_refused():
    for text in ("two\nlines", "\x1b[31mred", "a\u202eb", "<script>", "`code`", "\ud800", "x" * 2001):
        for what in ("authors", "description"):
            refused(f"expected {what} as one line of at most 2000 printable characters", **{what: text})
    for text in ("\u3164", "a\u2800b"):
        refused("expected authors of characters that are seen", authors=text)
    refused(r"expected authors in Unicode's composed form \(NFC\)", authors="Rene\u0301")
