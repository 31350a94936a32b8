"""The mailbox between two threads."""

import threading
import time

from app.mailbox import Latest


def test_the_newest_item_wins_and_the_others_are_counted() -> None:
    inbox: Latest[int] = Latest()
    for item in (1, 2, 3):
        inbox.put(item)
    assert len(inbox) == 1
    assert inbox.take() == 3
    assert inbox.dropped_count == 2
    assert len(inbox) == 0


def test_taking_waits_for_an_item() -> None:
    inbox: Latest[str] = Latest()
    later = threading.Timer(0.05, inbox.put, ("here",))
    later.start()
    assert inbox.take() == "here"
    later.join()


def test_closing_wakes_a_reader_and_refuses_items() -> None:
    inbox: Latest[str] = Latest()
    later = threading.Timer(0.05, inbox.close)
    later.start()
    assert inbox.take() is None
    inbox.put("too late")
    assert inbox.take() is None
    assert inbox.is_closed
    later.join()


def test_a_timeout_gives_nothing() -> None:
    inbox: Latest[int] = Latest()
    started_s = time.perf_counter()
    assert inbox.take(timeout_s=0.05) is None
    assert time.perf_counter() - started_s < 1.0
    assert not inbox.is_closed


def test_clearing_is_no_drop() -> None:
    inbox: Latest[int] = Latest()
    inbox.put(1)
    inbox.clear()
    assert inbox.take(timeout_s=0.0) is None
    assert inbox.dropped_count == 0


def test_under_fire_nothing_is_lost_uncounted() -> None:
    inbox: Latest[int] = Latest()
    taken: list[int] = []

    def read() -> None:
        while (item := inbox.take()) is not None:
            taken.append(item)
            time.sleep(0.0005)

    reader = threading.Thread(target=read)
    reader.start()
    for item in range(1, 501):
        inbox.put(item)
        time.sleep(0.0001)
    while len(inbox):
        time.sleep(0.001)
    inbox.close()
    reader.join()
    assert len(taken) + inbox.dropped_count == 500
    assert taken == sorted(taken)
    assert taken[-1] == 500
