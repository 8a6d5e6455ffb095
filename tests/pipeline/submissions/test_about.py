"""What an author may say of a method: what pages and terminals show as it is."""

from dataclasses import replace

import pytest

from ecgbench.errors import InputError
from ecgbench.pipeline import check_about
from tests.pipeline.submissions.submission_files import ABOUT


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "/tmp/x",
        "a\0b",
        "a\\b",
        "C:x",
        "m\u0435thod",
        "\uff4dethod",
        "Method",
        "1st",
        "a",
        "a b",
        "x\n",
        "",
        "x" * 41,
        "m_abs",
        "a-b",
        "a.b",
    ],
)
def test_name_that_is_no_plain_one_is_refused(name):
    with pytest.raises(InputError, match="expected a name of 2 to 40 small letters, digits and underscores"):
        check_about(replace(ABOUT, name=name))


@pytest.mark.parametrize("name", ["saliency", "random_baseline", "lrp"])
def test_name_of_a_method_is_refused(name):
    with pytest.raises(InputError, match="expected a name that no method of the benchmark has"):
        check_about(replace(ABOUT, name=name))


@pytest.mark.parametrize("reference", ["", "me", "javascript:alert(1)", "doi:", "doi:11.1/x", "https://", "doi:10.1/x y", "file:///etc"])
def test_reference_that_leads_nowhere_is_refused(reference):
    with pytest.raises(InputError, match="expected a reference as doi:10"):
        check_about(replace(ABOUT, reference=reference))


@pytest.mark.parametrize("reference", ["doi:10.1000/xyz", "arXiv:1706.03825", "https://example.org/paper"])
def test_reference_may_be_a_doi_a_preprint_or_a_page(reference):
    check_about(replace(ABOUT, reference=reference))


@pytest.mark.parametrize("text", ["two\nlines", "\x1b[31mred", "a\u202eb", "<script>", "`code`", "\ud800", "x" * 2001])
@pytest.mark.parametrize("what", ["authors", "description"])
def test_text_that_a_page_would_not_show_as_it_is_is_refused(what, text):
    with pytest.raises(InputError, match=f"expected {what} as one line of at most 2000 printable characters"):
        check_about(replace(ABOUT, **{what: text}))
