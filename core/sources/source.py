"""What every source of frames can do.

source = open_source("walk.mp4")           # core/sources/open_source.py
while (frame := source.read()) is not None:
    ...
source.close()
"""

from types import TracebackType
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import Float

from core.frame import Frame


@runtime_checkable
class Source(Protocol):
    """A stream of frames. Used by one thread at a time.

    Files and folders also end (`read` gives None) and can seek; live sources do neither.
    """

    @property
    def name(self) -> str:
        """Short name for people: a file name, a camera's name, a host."""
        ...

    @property
    def is_live(self) -> bool:
        """True if frames come when they come and cannot be asked for again."""
        ...

    @property
    def width_px(self) -> int: ...

    @property
    def height_px(self) -> int: ...

    @property
    def fps(self) -> float:
        """Nominal rate, for display and for pacing; time stamps are the truth."""
        ...

    @property
    def frame_count(self) -> int | None:
        """Number of frames; None for live sources."""
        ...

    @property
    def times_s(self) -> Float[np.ndarray, " frames"] | None:
        """Presentation time stamp of every frame, from 0; None for live sources."""
        ...

    def read(self) -> Frame | None:
        """The next frame, or None at the end.

        Raises:
            SourceError: The source broke while reading (a camera went away, a file is damaged).
        """
        ...

    def seek(self, index: int) -> None:
        """Make `index` the next frame that `read` gives.

        Raises:
            ValueError: There is no such frame, or the source is live.
        """
        ...

    def close(self) -> None:
        """Free the file or device. Calling it again does nothing."""
        ...

    def __enter__(self) -> "Source": ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


Closing = TypeVar("Closing", bound="ClosesItself")


class ClosesItself:
    """Gives a source the `with` statement."""

    def close(self) -> None:
        """Free the file or device."""
        raise NotImplementedError

    def __enter__(self: Closing) -> Closing:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
