"""`--colors mean`, `--colors frame 12`, `--colors video`, `--colors morph`."""

import argparse
from collections.abc import Sequence
from typing import Any

KINDS = ("mean", "frame", "video", "morph")


class ColorsAction(argparse.Action):
    """One word, or `frame` and a number, which goes to `appearance_frame`."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Check the words and store them."""
        words = [str(value) for value in values or ()]
        kind, *rest = words
        if kind not in KINDS:
            parser.error(f"--colors is one of {', '.join(KINDS)}, not {kind!r}")
        is_frame = kind == "frame"
        if is_frame and (not rest or not rest[0].isdigit()):
            parser.error("--colors frame needs the number of a frame, as in --colors frame 12")
        if len(rest) > is_frame:
            parser.error(f"--colors {kind} takes no {rest[-1]!r}: put SESSION before --colors")
        namespace.colors = kind
        if is_frame:
            namespace.appearance_frame = int(rest[0])
