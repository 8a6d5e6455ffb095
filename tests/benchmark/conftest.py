"""What the tests of racing scripts share."""

import gc

import pytest


@pytest.fixture
def no_collection(monkeypatch):
    """Under pytest a collection takes longer than all that is raced here."""
    monkeypatch.setattr(gc, "collect", lambda: 0)
