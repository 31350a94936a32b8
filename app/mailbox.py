"""A one-place mailbox between two threads: the newest item wins, what it replaced is counted.

inbox = Latest()
inbox.put(frame)                                # never blocks
while (frame := inbox.take()) is not None: ...  # None once closed
"""

import threading
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Latest(Generic[Item]):
    """Hands over only the newest item, so a slow reader is late by one item and never by more."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: Item | None = None
        self._is_closed = False
        self._dropped_count = 0

    @property
    def dropped_count(self) -> int:
        """How many items were replaced before anybody took them."""
        return self._dropped_count

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    def __len__(self) -> int:
        """Items waiting: 0 or 1."""
        return int(self._item is not None)

    def put(self, item: Item) -> None:
        """Leave an item, in place of one still waiting. Ignored once closed."""
        with self._changed:
            if self._is_closed:
                return
            self._dropped_count += self._item is not None
            self._item = item
            self._changed.notify()

    def take(self, timeout_s: float | None = None) -> Item | None:
        """The newest item, waiting for one; None when closed or when `timeout_s` has passed."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._item is not None, timeout_s)
            if self._is_closed:
                return None
            item, self._item = self._item, None
            return item

    def clear(self) -> None:
        """Throw away what waits, without counting it as dropped."""
        with self._changed:
            self._item = None

    def close(self) -> None:
        """Let every `take`, now and later, answer None."""
        with self._changed:
            self._is_closed = True
            self._item = None
            self._changed.notify_all()
