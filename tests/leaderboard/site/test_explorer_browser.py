"""The explorer in a browser, from the file system: numbers, links to its states, keys, zoom, blind mode, colours, hostile names."""

import re

import numpy as np
import pytest

from ecgbench.leaderboard.site.build import render_site
from ecgbench.leaderboard.site.explorer.case import shares_of
from ecgbench.leaderboard.site.folder import fill
from tests.chromium import chromium, needs_chromium, opened, serious
from tests.leaderboard.site.explored import FS, HOSTILE, TIME, TWELVE, shown_models

pytestmark = [pytest.mark.slow, needs_chromium]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    fill(folder, render_site({"README.md": b"# Start\n"}, folder / "leaderboards", shown=shown_models()))
    return (folder / "explorer.html").as_uri()


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture
def explore(browser, site):
    """Opens a state of the explorer."""
    open_now = []

    def start(state="", **options):
        open_now.append(opened(browser, f"{site}#{state}", **{"viewport": {"width": 1280, "height": 900}, **options}))
        page = open_now[-1].__enter__()
        page.wait_for_selector("canvas")
        return page

    yield start
    for one in open_now:
        one.__exit__(None, None, None)


def part(page, name):
    return page.locator(f'[data-part="{name}"]')


def names(page):
    """Headings of the sheets, in order."""
    return page.locator(".sheet h2").all_inner_texts()


def cells(page, table):
    return page.locator("[data-part=shares] table").nth(table).locator("tbody td").all_inner_texts()


def said(page, **expected):
    """Wait until the address says something."""
    pattern = "".join(f"(?=.*[#&]{key}={re.escape(value)}(&|$))" for key, value in expected.items())
    page.wait_for_url(re.compile(f"{pattern}.*"))


def pixel(page, sheet, seconds, share):
    """Red, green and blue of a whole window's sheet at a time, so far down."""
    script = """(canvas, [seconds, share, length]) => {
      const { paper } = ecgbenchExplorer;
      const mm = Math.max(2.4, canvas.clientWidth / (paper.PULSE + length * paper.SPEED));
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
      copy.drawImage(canvas, 0, 0);
      const x = Math.round(mm * (paper.PULSE + seconds * paper.SPEED));
      return [...copy.getImageData(x, Math.round(canvas.height * share), 1, 1).data.slice(0, 3)];
    }"""
    return page.locator("canvas").nth(sheet).evaluate(script, [seconds, share, TIME / FS])


def number(text):
    return None if text == "-" else float(text.removesuffix(" %"))


def test_numbers_are_those_of_python(explore):
    page = explore("dataset=single&model=net-seed1&window=2&maps=peak,noise,flat,control")
    case = shown_models()[0].cases[1]
    ranked = [shares_of(case.maps["peak"], case), shares_of(np.abs(case.maps["noise"]), case)]
    assert page.locator(".inside b").all_inner_texts()[:2] == [f"{share.inside:.0%}".replace("%", " %") for share in ranked]
    assert [page.locator(".sheet").nth(at).locator(".values").all_inner_texts() for at in (1, 2)] == [[], ["absolute values"]]
    part(page, "tables").locator("summary").click()
    for choice, change in (("signed", lambda values: values), ("absolute", np.abs)):
        part(page, "values").select_option(choice)
        page.wait_for_function("text => location.hash.includes('absolute') === (text === 'absolute')", arg=choice)
        shares = [shares_of(change(values), case) for values in case.maps.values()]
        expected = [None if np.isnan(share.beats[beat]) else 100 * share.beats[beat] for beat in range(3) for share in shares]
        assert [number(text) for text in cells(page, 0)] == [each if each is None else pytest.approx(each, abs=0.051) for each in expected]
        inside = ["-" if np.isnan(share.inside) else f"{share.inside:.0%}".replace("%", " %") for share in shares]
        assert page.locator(".inside b").all_inner_texts() == [text for text in inside if text != "-"]
    assert "5 % of the window" in page.locator(".inside").first.inner_text()
    assert part(page, "said").inner_text().split() == ["N", "10", "%", "VEB", "88", "%"]
    assert part(page, "title").inner_text() == "One lead: record 1, 0:00 to 0:08, explained class VEB"
    assert page.locator(".sheet").nth(1).locator(".beat b").all_inner_texts() == ["N", "V", "N"]
    assert page.locator(".sheet").nth(1).locator(".labelled").inner_text().split() == ["V", "43", "%"]
    assert "control: ignores the model" in page.locator(".sheet").nth(4).inner_text()


def test_colours_say_what_speaks_for_the_class_and_what_against_it(explore):
    page = explore("dataset=single&maps=peak,flat")
    warm, cool, paper = (pixel(page, 1, at, 0.9) for at in (4.12, 6.9, 2.3))
    assert warm[0] > warm[2] + 60
    assert cool[2] > cool[0] + 60
    assert max(paper) - min(paper) < 40
    assert all(max(colour) - min(colour) < 40 for colour in (pixel(page, 2, 4.12, 0.9), pixel(page, 2, 6.9, 0.9)))
    part(page, "values").select_option("absolute")
    said(page, values="absolute")
    assert pixel(page, 1, 6.9, 0.9)[0] > pixel(page, 1, 6.9, 0.9)[2] + 60


def test_each_state_is_a_link_that_survives_loading_it_anew(explore):
    state = "dataset=single&model=net-seed2&window=3&maps=noise,control&values=absolute&zoom=4&from=2.50"
    page = explore(state)
    for _ in range(2):
        assert page.evaluate("location.hash") == f"#{state}"
        assert names(page) == ["ECG", "noise", "control"]
        assert part(page, "model").input_value() == "net-seed2"
        assert part(page, "speed").inner_text() == "100 mm/s, 10 mm/mV"
        page.reload()
        page.wait_for_selector("canvas")
    page.evaluate("location.hash = 'dataset=twelve&layout=stacked&leads=1,6'")
    page.wait_for_function("document.querySelector('[data-part=dataset]').value === 'twelve'")
    assert page.locator("[data-part=leads] .on").all_inner_texts() == ["II", "V1"]


def test_a_link_that_makes_no_sense_shows_what_is_usual(explore):
    page = explore("dataset=nobody&model=%00&window=99&maps=none,<b>&zoom=7&from=nan&layout=x&leads=44&blind=-3")
    assert page.evaluate("location.hash") == "#dataset=single&model=net-seed1&window=3&maps="
    assert names(page) == ["ECG"]


def test_keys_choose_windows_maps_and_values(explore):
    page = explore("dataset=single&maps=peak")
    press = page.keyboard.press
    press("ArrowRight")
    said(page, window="2")
    press("ArrowLeft")
    press("ArrowLeft")
    said(page, window="3")
    press("2")
    press("1")
    page.wait_for_function("document.querySelectorAll('.sheet').length === 2")
    assert names(page) == ["ECG", "noise"]
    press("a")
    said(page, values="absolute", maps="noise")
    part(page, "window").focus()
    press("b")
    assert "blind" not in page.url
    page.locator("[data-part=maps] input").first.focus()
    press("Space")
    page.wait_for_function("document.querySelectorAll('.sheet').length === 3")
    assert page.evaluate("document.activeElement.dataset.value") == "peak"


def test_zoom_by_keys_and_buttons_marks_what_is_out_of_sight(explore):
    page = explore("dataset=single&maps=peak")
    figure = page.locator(".figure").nth(1)
    assert not figure.evaluate("element => element.matches('.more-before, .more-behind')")
    page.keyboard.press("+")
    said(page, zoom="1.5")
    assert figure.evaluate("element => element.matches('.more-before.more-behind')")
    part(page, "in").click()
    said(page, zoom="2")
    assert page.locator(".sheet").nth(1).locator(".beat:visible").count() == 1
    part(page, "whole").click()
    page.wait_for_function("!location.hash.includes('zoom') && !location.hash.includes('from')")
    assert part(page, "out").is_disabled()


def test_keys_dragging_and_the_wheel_move_the_beats_with_the_paper(explore):
    page = explore("dataset=single&maps=peak&zoom=2&from=2")
    box = page.locator(".figure").nth(1).bounding_box()
    places = [beat_place(page)]
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_function("!location.hash.endsWith('from=2.00')")
    places.append(beat_place(page))
    page.mouse.move(box["x"] + 300, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 350, box["y"] + 60)
    page.mouse.up()
    page.wait_for_function("place => document.querySelectorAll('.labelled')[1].getBoundingClientRect().left > place + 40", arg=places[-1])
    places.append(beat_place(page))
    assert places[1] < places[0] - 100
    assert places[2] == pytest.approx(places[1] + 50, abs=1.5)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    said(page, zoom="3")
    assert page.evaluate("window.scrollY") == 0


def beat_place(page):
    """Where the labelled beat of the first map stands, in pixels."""
    return page.locator(".labelled").nth(1).evaluate("beat => beat.getBoundingClientRect().left")


def test_blind_mode_hides_names_and_shares_and_shuffles_until_they_are_revealed(explore):
    page = explore("dataset=single&maps=peak,noise,flat,control")
    page.keyboard.press("b")
    page.wait_for_selector("text=Map A")
    assert names(page) == ["ECG", "Map A", "Map B", "Map C", "Map D"]
    shown = page.locator(".explorer").inner_html()
    assert not [name for name in ("peak", "noise", "flat", "control:") if name in re.sub(r'href="[^"]*"', "", shown)]
    assert page.locator(".beat small, .inside, .explorer table").count() == 0
    page.keyboard.press("1")
    orders = []
    for seed in range(1, 6):
        page.evaluate("state => { location.hash = state }", f"dataset=single&maps=peak,noise,flat,control&blind={seed}")
        page.wait_for_selector("text=Reveal the names")
        page.locator("[data-part=reveal]").click()
        page.wait_for_selector("h2:text('peak')")
        orders.append(tuple(names(page)[1:]))
        assert "revealed=" in page.url
    assert len(set(orders)) > 2
    assert {frozenset(order) for order in orders} == {frozenset(("peak", "noise", "flat", "control"))}
    page.reload()
    page.wait_for_selector("canvas")
    assert tuple(names(page)[1:]) == orders[-1]
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("text=Map A")


def test_twelve_leads_stand_as_a_sheet_or_below_each_other(explore):
    page = explore("dataset=twelve&maps=peak,noise")
    assert names(page) == ["peak", "noise"]
    bars = page.locator(".sheet").first.locator(".leads li span").all_inner_texts()
    assert tuple(bars) == TWELVE
    heights = [page.locator("canvas").first.bounding_box()["height"]]
    part(page, "layout").select_option("stacked")
    said(page, layout="stacked")
    heights.append(page.locator("canvas").first.bounding_box()["height"])
    page.locator("[data-part=leads]").get_by_label("aVR", exact=True).uncheck()
    said(page, leads="0,1,2,4,5,6,7,8,9,10,11")
    page.evaluate("location.hash = 'dataset=twelve&layout=stacked&leads=0,1&maps=peak'")
    page.wait_for_function(
        "document.querySelectorAll('[data-part=leads] .on').length === 2 && document.querySelectorAll('.sheet h2').length === 2"
    )
    heights.append(page.locator("canvas").first.bounding_box()["height"])
    assert heights[2] < heights[0] < heights[1]
    assert "No beats are known." in part(page, "found").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_narrow_pages_of_either_scheme_show_all_without_scrolling_sideways(explore, scheme):
    page = explore("dataset=single&maps=peak", viewport={"width": 400, "height": 700}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    paper = sum(pixel(page, 1, 2.3, 0.9))
    assert paper < 300 if scheme == "dark" else paper > 600
    assert page.locator(".figure").first.evaluate("figure => figure.matches('.more-behind')")
    part(page, "from").fill("4")
    page.wait_for_function("location.hash.includes('from=')")
    seen = float(re.search(r"from=([\d.]+)", page.url)[1])
    assert 2 < seen <= TIME / FS


def test_every_control_and_picture_has_a_name(explore):
    page = explore("dataset=twelve&layout=stacked")
    nameless = page.evaluate("""() => {
      const named = (element) => element.getAttribute("aria-label") || (element.closest("label") ?? element).textContent.trim();
      const elements = [...document.querySelectorAll(".explorer :is(select, button, input, canvas, section)")];
      return elements.filter((element) => !named(element)).map((element) => element.outerHTML);
    }""")
    assert nameless == []
    assert page.locator("canvas").first.get_attribute("aria-label").startswith("Map of peak over the ECG")
    assert serious(page) == []


def test_names_that_are_markup_are_shown_as_text(explore):
    key = HOSTILE.replace("/", "")
    page = explore("window=1")
    page.locator("[data-part=dataset]").select_option(key)
    page.wait_for_function(
        "document.querySelector('.sheet h2')?.textContent !== 'peak' && document.querySelectorAll('.sheet h2').length === 2"
    )
    part(page, "tables").locator("summary").click()
    assert key in names(page)
    assert HOSTILE in part(page, "said").inner_text()
    assert page.locator(".explorer img").count() == 0
    assert page.evaluate("window.injected") is None
    page.reload()
    page.wait_for_selector("canvas")
    assert key in names(page)


def test_a_window_whose_file_is_gone_is_named(browser, tmp_path):
    fill(tmp_path, render_site({"README.md": b"# Start\n"}, tmp_path, shown=shown_models()))
    (tmp_path / "explorer" / "data" / "single" / "net-seed1" / "1.js").unlink()
    page = browser.new_page()
    page.goto((tmp_path / "explorer.html").as_uri() + "#window=2")
    page.wait_for_selector("text=build the site again")
    page.keyboard.press("ArrowRight")
    page.locator("[data-part=next]").click()
    page.wait_for_selector("canvas")
    assert part(page, "message").inner_text() == ""
    page.close()
