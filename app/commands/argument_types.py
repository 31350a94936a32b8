"""Kinds of command-line values that argparse does not know; wrong ones are usage errors."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path

from core.results import Box


def session_path(text: str) -> Path:
    """A path that ends in .session."""
    path = Path(text).expanduser()
    if path.suffix != ".session":
        raise argparse.ArgumentTypeError(f"{text!r} must end in .session")
    return path


def session_or_folder(text: str) -> Path:
    """A path that ends in .session, or a folder's for a batch."""
    path = Path(text).expanduser()
    if path.suffix not in (".session", "") and not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} must end in .session, or be a folder")
    return path


def box(text: str) -> Box:
    """x0,y0,x1,y1 in pixels."""
    try:
        x0, y0, x1, y1 = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not x0,y0,x1,y1 in pixels") from None
    if not (0 <= x0 < x1 < 1e6 and 0 <= y0 < y1 < 1e6):
        raise argparse.ArgumentTypeError(f"{text!r} is no box: x0 < x1 and y0 < y1 are needed")
    return x0, y0, x1, y1


def number_between(low: float, high: float) -> Callable[[str], float]:
    """A number within bounds, both included."""

    def number(text: str) -> float:
        value = float(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is not between {low:g} and {high:g}")
        return value

    return number


def count_from(low: int) -> Callable[[str], int]:
    """A whole number, at least `low`."""

    def count(text: str) -> int:
        value = int(text)
        if value < low:
            raise argparse.ArgumentTypeError(f"{text} is less than {low}")
        return value

    return count


def path_with_suffix(*suffixes: str) -> Callable[[str], Path]:
    """A path whose suffix says the kind of file to write."""

    def path(text: str) -> Path:
        value = Path(text).expanduser()
        if value.suffix.lower() not in suffixes:
            listed = ", ".join(suffix or "no suffix" for suffix in suffixes)
            raise argparse.ArgumentTypeError(f"{text!r} must end in one of {listed}")
        return value

    return path


def numbers(text: str) -> tuple[float, ...]:
    """Numbers with commas between."""
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not numbers with commas") from None
    if not all(math.isfinite(value) for value in values):
        raise argparse.ArgumentTypeError(f"{text!r} holds a number that is not finite")
    return values
