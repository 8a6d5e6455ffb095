"""What the server says and takes, without a browser."""

import importlib.util
import json
import socket
from dataclasses import replace

import pytest

from ecgbench.errors import InputError
from ecgbench.rating import Ratings, addresses, application, listen, summary
from ecgbench.rating.schedule import CATCH
from tests.rating.made_up import DESIGN, MAPS, RATERS, bearer, make


@pytest.fixture
def ratings(tmp_path):
    return make(tmp_path / "ratings.sqlite")


def post(client, token, **answer):
    return client.post("/api/answer", data=json.dumps({"seconds": 1, **answer}), headers=bearer(token))


def test_nothing_that_is_sent_names_a_method_or_tells_what_comes_again_or_is_a_catch_trial(ratings):
    client, hidden = application(ratings, "127.0.0.1").test_client(), set()
    pages = [client.get(f"/{name}") for name in ("", "rate.js", "paper.js", "style.css")]
    assert [page.status_code for page in pages] == [200] * 4
    for position, trial in enumerate(ratings.trials(0)):
        said = client.get("/api/trial", headers=bearer(0))
        hidden |= set(said.get_json())
        pages.append(said)
        post(client, 0, position=position, **({"regions": []} if trial.kind == "region" else {"feature": 3, "misleading": 2}))
    text = " ".join(page.get_data(as_text=True) + str(page.headers) for page in pages)
    assert [name for name in (*MAPS, *CATCH) if name in text] == []
    shown = {"answered", "total", "name", "done", "position", "earlier", "kind", "fs", "leads", "diagnosis", "signal", "map"}
    assert hidden == shown
    assert client.get("/api/trial", headers=bearer(0)).get_json()["done"]


def test_another_address_than_loopback_needs_a_token(ratings):
    client = application(ratings, "0.0.0.0").test_client()
    (_, ada), (_, other) = ratings.raters()
    assert client.get("/api/raters").status_code == 403
    for token in ("", "0", "1", ada[:-1], f"{ada}x", "ä"):
        assert client.get("/api/trial", headers={"Authorization": f"Bearer {token}"}).status_code == 403
        assert post(client, token.encode().decode("latin-1"), position=0, regions=[]).status_code == 403
    assert client.get("/api/trial", headers=bearer(ada)).get_json()["name"] == DESIGN.raters[0]
    assert client.get("/api/trial", headers=bearer(other)).get_json()["name"] == DESIGN.raters[1]
    assert ratings.answered(0) == {}
    assert addresses(ratings, "0.0.0.0", 80)["Ada"] == f"http://0.0.0.0:80/?token={ada}"
    assert Ratings(ratings.path).raters()[0][1] == ada


def test_loopback_lists_raters_and_is_reached_by_its_own_names_alone(ratings):
    client = application(ratings, "127.0.0.1").test_client()
    assert [one["name"] for one in client.get("/api/raters").get_json()] == list(DESIGN.raters)
    assert client.get("/api/raters", headers={"Host": "localhost:8765"}).status_code == 200
    assert client.get("/api/raters", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/api/trial").status_code == 403
    assert client.get("/../server.py").status_code == 404
    assert "default-src 'self'" in client.get("/").headers["Content-Security-Policy"]


WRONG = (
    {"position": 1, "feature": 3, "misleading": 3},
    {"position": 99, "regions": []},
    {"position": -1, "regions": []},
    {"position": 0},
    {"position": 0, "regions": [[0, 5, 5]]},
    {"position": 0, "regions": [[2, 1, 5]]},
    {"position": 0, "regions": [[0, 1, 257]]},
    {"position": 0, "regions": [[0, 1]]},
    {"position": 0, "regions": [[0, 1, 5]] * 501},
    {"position": 0, "regions": [], "feature": 3, "misleading": 3},
    {"position": 0, "regions": [], "seconds": -1},
    {"position": 0, "regions": [], "rater": 1},
    {"position": True, "regions": []},
)
WRONG_OF_MAP = (
    {"feature": 3},
    {"feature": 6, "misleading": 1},
    {"feature": 0, "misleading": 1},
    {"feature": True, "misleading": 1},
    {"feature": 2.5, "misleading": 1},
    {"regions": []},
    {"feature": 3, "misleading": 3, "regions": []},
)


def test_what_is_no_answer_is_refused_and_not_kept(ratings):
    client = application(ratings, "127.0.0.1").test_client()
    for answer in WRONG:
        assert post(client, 0, **answer).status_code == 422, answer
    for text in (b"", b"{", b"[]", b'{"position": 0, "seconds": NaN, "regions": []}'):
        assert client.post("/api/answer", data=text, headers=bearer(0)).status_code == 422
    assert client.post("/api/answer", data=b" " * 70_000, headers=bearer(0)).status_code == 413
    assert ratings.answered(0) == {}
    assert post(client, 0, position=0, regions=[[1, 3, 9]]).get_json() == {"answered": 1, "total": len(ratings.trials(0))}
    for answer in WRONG_OF_MAP:
        assert post(client, 0, position=1, **answer).status_code == 422, answer
    assert list(ratings.answered(0)) == [0]


def test_answer_that_is_corrected_replaces_the_earlier_one_which_stays_in_the_file(ratings):
    client = application(ratings, "127.0.0.1").test_client()
    post(client, 0, position=0, regions=[])
    for points in (2, 5):
        assert post(client, 0, position=1, feature=points, misleading=1).status_code == 200
    assert ratings.answered(0)[1].feature == 5
    assert client.get("/api/trial?position=1", headers=bearer(0)).get_json()["earlier"] == {"feature": 5, "misleading": 1, "regions": None}
    assert len(ratings._all("SELECT * FROM answers WHERE position = 1")) == 2


def test_file_of_another_study_or_of_something_else_is_refused(ratings, tmp_path):
    other = type(DESIGN)(**{**vars(DESIGN), "seed": 9})
    with pytest.raises(InputError, match=r"expected seed 3 .* got 9; ask for the same"):
        ratings.check_design(other)
    ratings.check_design(DESIGN)
    (tmp_path / "notes.sqlite").write_text("mine")
    for name, said in (("notes.sqlite", "got another"), ("none.sqlite", "got nothing")):
        with pytest.raises(InputError, match=said):
            Ratings(tmp_path / name)


def test_rater_who_joins_a_study_that_is_served_has_an_own_order_and_changes_nobody_s(ratings, tmp_path):
    client = application(ratings, "127.0.0.1").test_client()
    post(client, 0, position=0, regions=[])
    before = [ratings.raters(), [ratings.trials(number) for number in range(2)]]
    for _ in range(2):
        Ratings(ratings.path).join(["Cleo", RATERS[0]])
    listed = client.get("/api/raters").get_json()
    assert [(one["name"], one["answered"]) for one in listed] == [(RATERS[0], 1), (RATERS[1], 0), ("Cleo", 0)]
    assert [ratings.raters()[:2], [ratings.trials(number) for number in range(2)]] == before
    assert client.get("/api/trial", headers=bearer(2)).get_json()["answered"] == 0
    together = make(tmp_path / "together.sqlite", replace(DESIGN, raters=(*RATERS, "Cleo")))
    assert ratings.trials(2) == together.trials(2) != [replace(trial, rater=2) for trial in ratings.trials(0)]
    post(client, 2, position=0, regions=[])
    assert [len(ratings.answered(number)) for number in range(3)] == [1, 0, 1]
    assert summary(Ratings(ratings.path)).asked == sum(len(ratings.trials(number)) for number in range(3))
    with pytest.raises(InputError, match="expected 1 to 50 raters"):
        ratings.join([f"rater {number}" for number in range(48)])
    assert len(ratings.raters()) == 3


def test_address_that_is_taken_is_refused(ratings):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InputError, match=r"expected a free address, got .*; name others with --host and --port\."):
            listen(ratings, *taken.getsockname())


def test_without_the_extra_the_message_names_it(ratings, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr("ecgbench.rating.extra.find_spec", lambda name: None if name == "waitress" else found(name))
    with pytest.raises(InputError, match=r'extra "rate", got none named waitress; install it with .*ecgbench-attribution\[rate\]'):
        application(ratings, "127.0.0.1")
