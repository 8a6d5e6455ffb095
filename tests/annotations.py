"""Checks annotations while tests run; an int is a float where one is announced."""

from beartype import BeartypeConf, beartype


def checked(function):
    return beartype(function, conf=BeartypeConf(is_pep484_tower=True))
