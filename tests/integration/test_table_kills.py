#!/usr/bin/python3
"""The real worker killed by kill -9 again and again while control.db changes:
in the end every entry of the lookup table is as control.db has it."""
import os
import random
import sys
import threading
import time

from edge import run_tests
from table_state import TableState

ROUNDS = int(os.environ.get("KILL_ROUNDS", "25"))
DOMAINS = 12

CHANGES = [
    "INSERT OR IGNORE INTO links SELECT abs(random()) % 281474976710655, ?1, "
    "'https://a.example/' || abs(random() % 5000), NULL, 1",
    "INSERT OR IGNORE INTO links SELECT abs(random()) % 281474976710655, ?1, "
    "'https://b.example/' || abs(random() % 50), NULL, 1",
    "UPDATE links SET killed_at = CASE WHEN killed_at IS NULL THEN 1 END "
    "WHERE id IN (SELECT id FROM links WHERE domain = ?1 LIMIT 3)",
    "UPDATE domains SET open_tracking = 1 - open_tracking WHERE number = ?1",
    "UPDATE domains SET killed_at = CASE WHEN killed_at IS NULL THEN 1 END "
    "WHERE number = ?1",
    "UPDATE link_secrets SET valid_keys = randomblob(32) WHERE domain = ?1",
    "UPDATE domains SET deleted_at = CASE WHEN deleted_at IS NULL THEN 1 END "
    "WHERE number = ?1",
]


def change(state, stop):
    control = state.control()
    while not stop.is_set():
        control.execute("BEGIN IMMEDIATE")
        for _ in range(random.randint(1, 40)):
            kind = random.choice(CHANGES + CHANGES[:2] * 5)
            control.execute(kind, (random.randint(1, DOMAINS),))
        control.execute("COMMIT")
        time.sleep(0.002)
    control.close()


def test_worker_killed_at_any_instant():
    with TableState() as state:
        state.add_domains(DOMAINS)
        stop = threading.Event()
        changer = threading.Thread(target=change, args=(state, stop))
        changer.start()
        moved = 0
        try:
            for _ in range(ROUNDS):
                before = state.applied()
                state.start_worker()
                # let it begin, then kill it anywhere
                state.wait(lambda: state.applied() > before)
                time.sleep(random.random() * 0.1)
                state.kill_worker()
                moved += state.applied() > before
        finally:
            stop.set()
            changer.join(30)
        assert moved == ROUNDS
        state.start_worker()
        state.await_applied()
        state.stop_worker()
        entries = state.compare()
        assert entries > 1000, entries


if __name__ == "__main__":
    sys.exit(run_tests(globals())())
