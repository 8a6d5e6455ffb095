"""Pages that hang together: links and figures that are there, methods of every origin, text that nobody here wrote."""

import posixpath
import re
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from ecgbench.leaderboard import render
from ecgbench.leaderboard.pages.facts.entry_facts import cited

ROOT = Path(__file__).parents[3]
HOSTILE = 'one | two\n\n## three <script>alert("4")</script> [five](javascript:6) `seven` </details>'
HANDED = {"file": "ab" * 32, "reference": "doi:10.1000/1", "authors": "A. Author", "description": "What it does."}


def parsed(text):
    return MarkdownIt("commonmark").enable("table").parse(text)


def relative_links(text):
    """What links and figures of a page point to, without anchors and addresses elsewhere."""
    inner = [child for token in parsed(text) for child in token.children or []]
    found = {child.attrs.get("href") or child.attrs.get("src") for child in inner if child.type in ("link_open", "image")}
    return {str(link).partition("#")[0] for link in found if not str(link).startswith("http")}


def dangling(files, out):
    """Relative links of all pages that lead neither to a rendered path nor to a file of the repository."""
    paths = {path.relative_to(out).as_posix() for path in files}
    pages = {path.relative_to(out).as_posix(): content.decode() for path, content in files.items() if path.suffix == ".md"}
    targets = {
        posixpath.normpath(posixpath.join(posixpath.dirname(page), link)) for page, text in pages.items() for link in relative_links(text)
    }
    return {target for target in targets if target not in paths and not (ROOT / "leaderboards" / target).is_file()}


def test_every_link_leads_somewhere_and_every_figure_is_on_a_page(accept, accept_small, accept_control, identity, scores, out):
    accept_small("mitdb")
    accept_small("synthetic")
    accept_small("svdb", identity=replace(identity, simulated=True))
    accept("svdb", "only_simulated", {"raw": {"relevance_rank_accuracy": {1: 0.5, 2: 0.5}}}, identity=replace(identity, simulated=True))
    accept("mitdb", "lrp", {"raw": {"auc": {1: 0.5, 2: None}}}, provenance={"submitted": HANDED})
    accept("mitdb@100hz", "lime", {"raw": {"relevance_mass_accuracy": {1: 0.5}}}, identity=replace(identity, edition="100hz"))
    accept("mitdb@patient", "lime", {"raw": {"auc": {1: None}}}, identity=replace(identity, split="patient"))
    accept_control("mitdb", "centre", {"auc": {1: 0.6, 2: 0.6}})
    files = render(scores, out)
    assert len(relative_links(files[out / "mitdb.md"].decode())) > 10
    figures = {path.relative_to(out).as_posix() for path in files if path.suffix != ".md" and path.parent.name == "mitdb"}
    assert figures <= relative_links(files[out / "mitdb.md"].decode())
    assert dangling(files, out) == set()


@pytest.mark.parametrize("changed", [{"simulated": True}, {"labels": "study"}])
def test_what_is_apart_is_not_compared(accept, identity, pages, changed):
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.5}}})
    other = replace(identity, windows="0" * 64, **changed)
    accept("svdb@other", "lime", {"raw": {"auc": {1: 0.9}}}, identity=other)
    accept("svdb@other", "lrp", {"raw": {"auc": {1: 0.9}}}, identity=other)
    found = pages()
    assert "svdb@other" not in found["methods/lime.md"] + found["metrics/auc.md"]
    assert "whose pages are apart" in found["methods/lrp.md"]
    assert "methods/lrp.md" not in found["README.md"]


def outcome(pages, method, variant):
    return next(line for line in pages[f"methods/{method}.md"].split("\n") if line.startswith("- [mitdb]") and f"{variant}:" in line)


def test_method_page_says_where_it_wins_and_fails(accept, accept_control, pages):
    for method, value in (("lime", 0.9), ("lrp", 0.7), ("saliency", 0.5), ("gradcam", 0.4)):
        accept("mitdb", method, {"raw": {"auc": {1: value}, "region_perturbation_lerf": {1: value}}})
    accept_control("mitdb", "centre", {"auc": {1: 0.6}})
    found = pages()
    assert outcome(found, "lime", "`lime`").endswith("wins: auc; fails: region perturbation lerf")
    assert outcome(found, "lrp", "`lrp`").endswith("wins: -; fails: -")
    assert outcome(found, "saliency", "`saliency`").endswith("wins: -; fails: auc (not better than centre)")
    assert outcome(found, "gradcam", "`gradcam`").endswith("wins: region perturbation lerf; fails: auc (not better than centre)")


def test_method_that_is_alone_wins_nothing_and_its_page_says_what_it_is(accept, pages):
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.9}}})
    found = pages()
    assert outcome(found, "lime", "`lime`").endswith("wins: -; fails: -")
    assert "[doi:10.1145/2939672.2939778](https://doi.org/10.1145/2939672.2939778)" in found["methods/lime.md"]
    assert "| option" in found["methods/lime.md"]
    cost, snippet = re.search(r" Time a window: (.*) on mitdb\.\n\n```python\n(.*)\n```", found["methods/lime.md"]).groups()
    assert re.fullmatch(r"[\d.]+&nbsp;m?s", cost)
    assert snippet == 'maps = ecgbench.explain(model, x, target, method="lime")'


def test_method_page_says_where_it_is_quickest_and_where_it_takes_longest(accept, pages):
    for dataset, seed in (("mitdb", 5), ("svdb", 2), ("synthetic", 3)):
        accept(dataset, "lime", {"raw": {"auc": {seed: 0.9}}})
    assert " Time a window: 4&nbsp;ms on svdb to 10&nbsp;ms on mitdb.\n" in pages()["methods/lime.md"]


def test_method_that_is_not_registered_has_a_page_which_says_where_its_maps_come_from(accept, pages):
    accept("mitdb", "theirs", {"raw": {"auc": {1: 0.9}}}, provenance={"submitted": HANDED})
    accept("mitdb", "elsewhere", {"raw": {"auc": {1: 0.9}}})
    text = pages()["methods/theirs.md"]
    assert "**Recomputed from handed-in maps** by A. Author ([doi:10.1000/1](https://doi.org/10.1000/1))" in text
    assert f"<code>{'ab' * 6}</code>. What it does. The scores were computed here, from the maps; the maps were not." in text
    assert "Registered by a package that is not installed here." in pages()["methods/elsewhere.md"]


@pytest.mark.parametrize("prefix", ["doi:", ""])
def test_hostile_text_of_a_submission_breaks_no_page(accept, pages, prefix):
    def shown(text):
        said = dict.fromkeys(HANDED, text) | {"reference": prefix + text}
        accept("mitdb", "theirs", {"raw": {"auc": {1: 0.9}}}, provenance={"submitted": said})
        return pages()

    assert_same_shape(shown("plain"), shown(HOSTILE))


def test_hostile_text_of_other_provenance_breaks_no_page(accept, pages):
    def shown(text, note):
        accept("mitdb", "lime", {"raw": {"auc": {1: 0.9}}}, provenance={"processor": text}, notes=(note,))
        accept("mitdb", "centre", {"raw": {"auc": {1: 0.5}}}, provenance={"control": text}, notes=("n",))
        return pages()

    # A note is a dataset's own and may hold links and code.
    assert_same_shape(shown("plain", "plain"), shown(HOSTILE, HOSTILE.replace("[five](javascript:6) `seven`", "")))


def assert_same_shape(plain, hostile):
    """No page has another block, link, code or piece of HTML than before."""
    assert plain.keys() == hostile.keys()
    for path, text in plain.items():
        before, after = (shape(page) for page in (text, hostile[path]))
        assert before == after, path


def shape(text):
    tokens = parsed(text)
    blocks = [token.type for token in tokens]
    inline = [child for token in tokens for child in token.children or []]
    return blocks, [child.type for child in inline if child.type in ("link_open", "image", "code_inline", "html_inline", "em_open")]


def test_reference_is_linked_where_it_is_one():
    shown = {
        "doi:10.1/a_b": "[doi:10.1/a_b](https://doi.org/10.1/a_b)",
        "arXiv:1312.6034": "[arXiv:1312.6034](https://arxiv.org/abs/1312.6034)",
        "https://a.org/b?c=1#d": "<https://a.org/b?c=1#d>",
        "https://a.org/> <script>": "<https://a.org/%3E%20%3Cscript%3E>",
        "javascript:alert(1)": "javascript:alert(1)",
        "A book, 1999": "A book, 1999",
    }
    assert {reference: cited(reference) for reference in shown} == shown


def test_metric_page_has_a_column_a_class_and_controls_last(accept, accept_control, pages):
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.5}}}, chance={"1": {"auc": 0.45}})
    accept("mitdb", "lrp", {"raw": {"auc": {1: 0.8}}})
    accept_control("mitdb", "centre", {"auc": {1: 0.6}})
    lines = [line for line in pages()["metrics/auc.md"].split("## [mitdb]")[1].split("\n") if line.startswith("|")]
    head, _, *body = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert head == ["#", "variant", "mean&nbsp;↑", "gain", "balanced", "SVEB†", "VEB†", "undefined"]
    assert [row[1] for row in body] == [
        "[`lrp`](../methods/lrp.md)",
        "[`lime`](../methods/lime.md)",
        "*chance*",
        "*centre: what centre does*",
    ]
    gain = "+0.200 (+0.200..+0.200) over&nbsp;centre"
    assert body[0][2:] == [
        "0.800 (0.790..0.810)",
        gain,
        "0.787",
        "<sub>[0.760<br><sub>of&nbsp;1</sub>]</sub>",
        "<sub>[0.813<br><sub>of&nbsp;3</sub>]</sub>",
        "0 of 4",
    ]
    assert body[1][2].endswith("‡")


def test_overview_names_what_is_ahead_and_metric_pages_which_metrics_agree(accept_small, pages):
    accept_small("mitdb")
    found = pages()
    assert re.search(
        r"\| \[mitdb\]\(mitdb.md\) +\| for these two models, no two of 2 methods can be told apart with 3 patients\.", found["README.md"]
    )
    assert "- **Localisation**: for these two models, no two of 2 methods" in found["mitdb.md"]
    assert "Orders variants like (Spearman): " in found["metrics/auc.md"]


def test_overview_names_controls_and_what_they_are_for(accept, accept_control, pages):
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.5}}})
    accept_control("mitdb", "centre", {"auc": {1: 0.6}})
    accept_control("mitdb", "a_mask", {"auc": {1: 0.95}}, bound=True)
    text = pages()["README.md"].split("## Controls")[1]
    assert re.search(r"`a_mask` +\| what a_mask does +\| upper bound", text)
    assert re.search(r"`centre` +\| what centre does +\| to be beaten", text)
