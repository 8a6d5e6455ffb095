"""The reader study in browsers: a page that shows one trial after the other, and what it asks the server.

Nothing that the page loads names a method, and no address does. On the machine itself anybody may rate under any of the names; on any other
address every rater needs the link with his token.
"""

from __future__ import annotations

import hmac
import ipaddress
import socket
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from ecgbench.errors import InputError
from ecgbench.rating.extra import check_extra
from ecgbench.rating.ratings_file import Answer, Case, Ratings
from ecgbench.rating.schedule import REGION, Trial

if TYPE_CHECKING:
    from flask import Flask, Request, Response

ASSETS = Path(__file__).with_name("assets")
FILES = {
    "": ("rate.html", "text/html"),
    "rate.js": ("rate.js", "text/javascript"),
    "paper.js": ("paper.js", "text/javascript"),
    "style.css": ("style.css", "text/css"),
}
"""File and type of each page."""

LOOPBACK = "localhost"
THREADS = 8
LARGEST = 1 << 16
"""Bytes of an answer at most."""

MOST_REGIONS, LONGEST = 500, 1e6
"""Regions of an answer, and seconds, at most."""

Count = Annotated[int, msgspec.Meta(ge=0)]
Point = Annotated[int, msgspec.Meta(ge=1, le=5)]

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Sent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a browser sends: the place of the trial among the rater's, and what he said of it (see `Answer`)."""

    position: Count
    seconds: Annotated[float, msgspec.Meta(ge=0, le=LONGEST)]
    feature: Point | None = None
    misleading: Point | None = None
    regions: Annotated[list[tuple[Count, Count, Count]], msgspec.Meta(max_length=MOST_REGIONS)] | None = None


class WrongAnswerError(InputError):
    """What a browser sent is no answer to the trial."""


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    try:
        return host == LOOPBACK or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def addresses(ratings: Ratings, host: str, port: int) -> dict[str, str]:
    """The address of each rater, by name; the token in it is the password."""
    place = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    return {name: place if is_loopback(host) else f"{place}?token={token}" for name, token in ratings.raters()}


def application(ratings: Ratings, host: str) -> Flask:
    """The study as a WSGI application.

    Parameters
    ----------
    host : address at which it is served; unless that is loopback, tokens are needed

    Raises
    ------
    InputError
        If the extra `rate` is not installed.
    """
    check_extra()
    import flask

    app = flask.Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST
    if is_loopback(host):  # a page of another site cannot pass itself off as this machine by its name
        app.config["TRUSTED_HOSTS"] = [LOOPBACK, "127.0.0.1", "[::1]", host]
    _add_pages(app, flask)
    _add_questions(app, flask, ratings, is_loopback(host))
    return app


def listen(ratings: Ratings, host: str, port: int) -> Callable[[], None]:
    """Take the address; what is returned serves the study there until the process is ended.

    Raises
    ------
    InputError
        If the extra `rate` is not installed, or nothing can be served at the address.
    """
    app = application(ratings, host)
    import waitress

    try:
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, UnicodeError) as error:
        raise InputError(f'expected a free address, got "{host}" port {port} ({error}); name others with --host and --port.') from error
    server = waitress.create_server(app, sockets=[listening], threads=THREADS, clear_untrusted_proxy_headers=True)
    run: Callable[[], None] = server.run
    return run


def _add_pages(app: Flask, flask: Any) -> None:
    @app.get("/", defaults={"name": ""})
    @app.get("/<name>")
    def page(name: str) -> Response:
        if name not in FILES:
            flask.abort(404)
        file, kind = FILES[name]
        found: Response = flask.Response((ASSETS / file).read_bytes(), mimetype=kind)
        return found

    @app.after_request
    def guarded(response: Response) -> Response:
        response.headers.update(HEADERS)
        return response


def _add_questions(app: Flask, flask: Any, ratings: Ratings, is_open: bool) -> None:
    def rater() -> int:
        number = _rater(flask.request, ratings, is_open)
        return flask.abort(403) if number is None else number

    @app.get("/api/raters")
    def raters() -> list[dict[str, Any]]:
        if not is_open:
            flask.abort(403)
        return [{"rater": n, "name": name, **_progress(ratings, n)} for n, (name, _) in enumerate(ratings.raters())]

    @app.get("/api/trial")
    def trial() -> dict[str, Any]:
        return shown(ratings, rater(), flask.request.args.get("position", type=int))

    @app.post("/api/answer")
    def answer() -> tuple[dict[str, Any], int]:
        number = rater()
        try:
            take(ratings, number, flask.request.get_data())
        except WrongAnswerError as error:
            return {"error": str(error)}, 422
        return _progress(ratings, number), 200


def _rater(request: Request, ratings: Ratings, is_open: bool) -> int | None:
    """The rater that a request comes from; None if it does not say so rightly."""
    said = request.authorization.token if request.authorization is not None else None
    for number, (_, token) in enumerate(ratings.raters()):
        if hmac.compare_digest((said or "").encode(), (str(number) if is_open else token).encode()):
            return number
    return None


def shown(ratings: Ratings, rater: int, position: int | None = None) -> dict[str, Any]:
    """What the page shows of a trial: nothing in it tells by which method the map is, and whether it comes again or is a catch trial.

    Parameters
    ----------
    position : of an answered trial that is shown again; None for the first one without an answer
    """
    trials, answers = ratings.trials(rater), ratings.answered(rater)
    progress = {**_progress(ratings, rater), "name": ratings.raters()[rater][0]}
    first = next((place for place in range(len(trials)) if place not in answers), len(trials))
    place = first if position is None else min(max(position, 0), first)
    if place == len(trials):
        return {**progress, "done": True}
    case, earlier = ratings.case(trials[place].case), answers.get(place)
    said = {} if earlier is None else {"feature": earlier.feature, "misleading": earlier.misleading, "regions": earlier.regions}
    return {**progress, "done": False, "position": place, "earlier": said, **_content(trials[place], case)}


def _content(trial: Trial, case: Case) -> dict[str, Any]:
    drawn = {"fs": case.fs, "leads": list(case.leads), "diagnosis": case.diagnosis, "signal": _packed(case.signal.astype("<i2"))}
    if trial.kind == REGION:
        return {"kind": trial.kind, **drawn}
    return {"kind": trial.kind, **drawn, "map": _packed(case.maps[trial.map])}


def take(ratings: Ratings, rater: int, sent: bytes) -> None:
    """Keep what a browser sent.

    Raises
    ------
    WrongAnswerError
        If it is no answer to the rater's next trial, or one before it.
    """
    try:
        said = msgspec.json.decode(sent, type=Sent)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise WrongAnswerError(f"expected an answer, got another text ({error}); load the page again.") from error
    trials, answers = ratings.trials(rater), ratings.answered(rater)
    if said.position >= len(trials) or any(place not in answers for place in range(said.position)):
        raise WrongAnswerError("expected the answer to the next trial or to one before it, got another; load the page again.")
    trial = trials[said.position]
    if trial.kind == REGION:
        _check_regions(said, ratings.case(trial.case))
    elif said.feature is None or said.misleading is None or said.regions is not None:
        raise WrongAnswerError("expected both questions answered, got one or none; answer both, from 1 to 5.")
    ratings.add(rater, said.position, Answer(said.feature, said.misleading, said.regions, said.seconds))


def _check_regions(said: Sent, case: Case) -> None:
    leads, time = case.signal.shape
    if said.regions is None or said.feature is not None or said.misleading is not None:
        raise WrongAnswerError("expected regions that are marked, got ratings; load the page again.")
    if not all(lead < leads and onset < offset <= time for lead, onset, offset in said.regions):
        raise WrongAnswerError("expected regions within the ECG, got one beyond it; mark anew.")


def _progress(ratings: Ratings, rater: int) -> dict[str, int]:
    return {"answered": len(ratings.answered(rater)), "total": len(ratings.trials(rater))}


def _packed(values: Any) -> str:
    return b64encode(values.tobytes()).decode("ascii")
