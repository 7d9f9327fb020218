#!/usr/bin/python3
"""What is easy to get wrong in a module of nginx, beside what the other tests
of the module hold: what waits for a disk happens between requests, and nothing
of it keeps a worker from ending."""
import os
import pathlib
import signal
import sys
import time

from edge import (CLICKS, OPENS, PATIENCE, SANITIZED, VALGRIND, Domain, Edge,
                  mint, run_tests)

URL = "https://www.example.com/a?b=c"
ONE = Domain(301, OPENS | CLICKS)
LINES = [f"host links.example {ONE.words()}", f"link 1 {ONE.number} 0 {URL}"]
CLICK, TABLE_CLICK = mint(ONE, url=URL), mint(ONE, link_id=1)
SEGMENT = 64 * 1024
AGENT = ["User-Agent: " + "x" * 256]  # records of about 400 bytes


def start(**options):
    edge = Edge(journal=f"journal segment={SEGMENT}", **options)
    edge.make_table(LINES)
    return edge


def click(edge, count=1):
    for _ in range(count):
        response = edge.get(CLICK, headers=AGENT)
        assert response.status == 302 and response["Location"] == URL


def segments(edge):
    return sorted(edge.journal.glob("*.wxj"))


def fill_half(edge):
    """Events until another segment is prepared."""
    for _ in range(40):
        click(edge, 5)
        if len(edge.events()) * 400 > SEGMENT / 2:
            break
    edge.wait(lambda: len(segments(edge)) == 2, 5)


def test_next_segment_is_prepared_between_requests():
    """2.13: going on in another segment makes no file"""
    edge = start()
    with edge:
        fill_half(edge)
        edge.journal.chmod(0o500)
        try:
            first = segments(edge)[0].name
            while not edge.segments()[first]:
                click(edge, 5)
            assert edge.metrics()["waxseal_events_dropped_total"] == 0
            # that one is half full in turn, then full: none can follow
            while edge.metrics()["waxseal_events_dropped_total"] == 0:
                click(edge, 5)
        finally:
            edge.journal.chmod(0o700)
        recorded = edge.metrics()["waxseal_events_recorded_total"]
        assert len(edge.events()) == recorded > SEGMENT / 400
        edge.expected_alerts = ("failed, events are dropped",)


def test_worker_ends_without_an_empty_segment():
    """2.3: neither the timer nor what it has prepared outlives the worker"""
    edge = start()
    with edge:
        fill_half(edge)
        before, asked = set(edge.workers()), time.monotonic()
        edge.process.send_signal(signal.SIGHUP)
        edge.wait(lambda: edge.workers() and
                  not before & set(edge.workers()), 10)
        assert time.monotonic() - asked < 5 * PATIENCE
        assert list(edge.segments().values()) == [True]


def test_killed_worker_leaves_a_prepared_segment_that_harms_nobody():
    """2.3"""
    edge = start()
    with edge:
        fill_half(edge)
        count = len(edge.events())
        worker, = edge.workers()
        os.kill(worker, signal.SIGKILL)
        edge.wait(lambda: edge.workers() not in ([], [worker]))
        assert list(edge.segments().values()) == [True, True]
        assert len(edge.events()) == count
        edge.expected_alerts = ("exited on signal 9",)


def test_replaced_journal_is_noticed_without_a_request():
    edge = start()
    with edge:
        click(edge)
        edge.journal.rename(edge.folder / "away")
        edge.journal.mkdir()
        edge.configure((edge.folder / "nginx.conf").read_text())  # owners
        time.sleep(1 * PATIENCE)
        click(edge)
        assert len(edge.events()) == 1
        assert edge.metrics()["waxseal_events_dropped_total"] == 0


def test_unannounced_table_is_noticed_without_a_request():
    edge = start()
    with edge:
        click(edge)
        opened = edge.metrics()["waxseal_table_opened_total"]
        new = edge.folder / "table.replacement"
        new.write_bytes(edge.table.read_bytes())
        edge.configure((edge.folder / "nginx.conf").read_text())  # owners
        new.rename(edge.table)
        edge.wait(lambda: edge.metrics()["waxseal_table_opened_total"]
                  > opened, 5)
        click(edge)


def test_threads_that_give_up_tables_end():
    edge = start()
    with edge:
        worker, = edge.workers()
        for generation in range(2, 12):
            edge.make_table(LINES, generation, url_bytes=32 << 20)
            click(edge)
        tasks = pathlib.Path(f"/proc/{worker}/task")
        edge.wait(lambda: len(list(tasks.iterdir())) == 1)
        maps = pathlib.Path(f"/proc/{worker}/maps").read_text()
        assert "table (deleted)" not in maps


def test_worker_ends_right_after_a_swap():
    """2.7: the code of the module goes with its configuration, so no thread
    of it may be left; a crash is an alert in the log"""
    edge = start()
    with edge:
        for generation in range(2, 12):
            edge.table.read_bytes()  # memory to give up
            edge.make_table(LINES, generation, url_bytes=64 << 20)
            worker, = edge.workers()
            click(edge)
            os.kill(worker, signal.SIGTERM)
            edge.wait(lambda: edge.workers() not in ([], [worker]), 10)
        click(edge)


class SingleEdge(Edge):
    """One process without a master."""

    def configure(self, text):
        super().configure(text.replace(
            "daemon off;", "daemon off;\nmaster_process off;"))

    def workers(self):
        return [self.process.pid]


def test_single_process():
    """2.2: it does what a worker does"""
    edge = SingleEdge()
    edge.make_table(LINES)
    with edge:
        click(edge)
        other = "https://www.example.com/other"
        new = [LINES[0], f"link 1 {ONE.number} 0 {other}"]
        edge.make_table(new, 2)
        assert edge.get(TABLE_CLICK)["Location"] == other
        edge.table.unlink()
        edge.make_table(LINES, 3)  # which nobody is told of
        edge.wait(lambda: edge.get(TABLE_CLICK)["Location"] == URL, 5)
        recorded = edge.metrics()["waxseal_events_recorded_total"]
        assert len(edge.events()) == recorded


class TracedEdge(Edge):
    def command(self):
        return ["strace", "-D", "-f", "-qq", "-o", f"{self.folder}/strace",
                *super().command()]


def test_no_request_looks_at_a_file():
    """2.13: between reading a request and answering it there is no call but
    these two, also while the worker looks at its files now and then"""
    if SANITIZED or VALGRIND:
        return  # these make system calls of their own
    edge = TracedEdge()
    edge.make_table(LINES)
    with edge:
        click(edge)  # makes the first segment
        time.sleep(0.3)
        trace = edge.folder / "strace"
        start_at = len(trace.read_text())
        for _ in range(100):  # no faster than pages are made ready
            edge.get(TABLE_CLICK)
            click(edge)
            time.sleep(0.01)
        calls = [line.split(None, 1)[1] for line in
                 trace.read_text()[start_at:].splitlines()
                 if line.split()[0] == str(edge.workers()[0])]
        reading, between, looks = False, [], 0
        for call in calls:
            if call.startswith("recvfrom(") and "= 0" not in call[-4:]:
                reading = "GET" in call
            elif call.startswith("writev("):
                reading = False
            elif reading:
                between.append(call)
            looks += "stat" in call.split("(")[0]
        assert between == [], between[:5]
        assert looks > 4, "the worker looks at its files no more"


if __name__ == "__main__":
    sys.exit(run_tests(globals())())
