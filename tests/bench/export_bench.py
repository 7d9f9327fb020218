#!/usr/bin/python3
"""What reading events costs through the API: the export of EVENTS (10,000,000)
events of one account as CSV and NDJSON, with the memory that the program takes
for it and for a tenth of it; then metrics of 30 days, sums by link and pages with
filters that let little through. Nothing is collected meanwhile."""
import http.client
import json
import os
import pathlib
import shutil
import sqlite3
import statistics
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))
from stack import Stack, request, temporary_folder

EVENTS = int(os.environ.get("EVENTS", 10_000_000))
PARTS = 10
DAYS = 30
QUESTIONS = int(os.environ.get("QUESTIONS", 30))
DAY_MS = 86_400_000

FILL = """
INSERT INTO texts (id, text) VALUES (1, 'browser'), (2, 'desktop'), (3, 'head_request');
WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < 99)
INSERT INTO texts SELECT 100 + i, 'https://www.example.org/offers/2026/' || i ||
    '?utm_source=newsletter&utm_campaign=spring' FROM n;
INSERT INTO texts SELECT 1000 + id, 'Mozilla/5.0 (X11; Linux x86_64; rv:' || id ||
    '.0) Gecko/20100101 Firefox/' || id || '.0' FROM texts WHERE id >= 100;
WITH RECURSIVE n(i) AS (VALUES (:first) UNION ALL SELECT i + 1 FROM n WHERE i < :last)
INSERT INTO events (id, account, domain, type, at, message, link, link_index,
    address, agent, flags, mode, verdict, reason, certainty, device, country)
SELECT i, 1, :domain, CASE WHEN i % 10 < 3 THEN 99 ELSE 111 END, :start + i * :step,
    unhex_message(i % 100000), CASE WHEN i % 10 < 3 THEN 100 + i / 10 % 100 END,
    CASE WHEN i % 10 < 3 THEN i % 20 END,
    x'00000000000000000000ffffcb007107', 1100 + i % 100, 0, 3,
    CASE WHEN i % 100000 = 0 THEN 3 ELSE 1 END, 1, 70, 2, 'DE'
FROM n;
UPDATE about SET first_id = :first, sealed_at = :start, last_id = :last,
    first_at = :start + :first * :step, last_at = :start + :last * :step;
"""


def message(number):
    return number.to_bytes(16, "big")


def fill(stack, domain, start):
    """Sealed partitions of EVENTS events, made from the empty one there is."""
    folder = stack.dir / "events"
    empty = next(folder.glob("*.db"))
    owner = empty.stat()
    each = EVENTS // PARTS
    template = stack.folder / "template.db"
    shutil.copy(empty, template)
    for old in folder.glob("*"):
        old.unlink()
    for part in range(PARTS):
        first, last = part * each + 1, (part + 1) * each
        path = folder / f"{first:016x}.db"
        shutil.copy(template, path)
        db = sqlite3.connect(path)
        db.create_function("unhex_message", 1, message, deterministic=True)
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("PRAGMA synchronous = OFF")
        for sql in FILL.split(";\n"):
            if sql.strip():
                names = {"first": first, "last": last, "domain": domain,
                         "start": start, "step": DAYS * DAY_MS // EVENTS}
                db.execute(sql, {k: v for k, v in names.items() if f":{k}" in sql})
        db.commit()
        db.execute("PRAGMA journal_mode = WAL")
        db.close()
        os.chown(path, owner.st_uid, owner.st_gid)
        path.chmod(owner.st_mode & 0o777)
    with sqlite3.connect(stack.dir / "counts.db") as db:
        db.execute("UPDATE cursor SET event = ?", (EVENTS,))
        hour = start // 3_600_000
        db.executemany(
            "INSERT INTO rollup_hours VALUES (1, ?, ?, ?, ?, ?, 0, 0, ?, ?)",
            [(domain, hour + h, kind, 9000, 8000, 3000, 2000)
             for h in range(DAYS * 24) for kind in (99, 111, 117)])
        db.executemany("INSERT INTO links VALUES (?, ?, ?)",
                       [(i + 1, f"https://www.example.org/{i}", start // DAY_MS + DAYS)
                        for i in range(1000)])
        db.executemany(
            "INSERT INTO rollup_links VALUES (1, ?, ?, ?, 50, 40, 0, 5, 30, 20)",
            [(domain, start // DAY_MS + d, i + 1) for d in range(DAYS)
             for i in range(1000)])
    with sqlite3.connect(stack.dir / "events.db") as db:
        db.executemany(
            "INSERT INTO messages (id, account, domain, created_at, tags, mode) "
            "VALUES (?, 1, ?, 1, ?, 3)",
            [(message(i), domain, json.dumps({"campaign": f"c{i % 50}"}))
             for i in range(100_000)])
    db.close()


def memory(pid, what):
    """VmRSS, or the peak VmHWM, in MiB."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(text.split(what + ":")[1].split()[0]) / 1024


def export(stack, query):
    """(lines, bytes, seconds) of an export that is read to its end."""
    connection = http.client.HTTPConnection("127.0.0.1", stack.api, timeout=600)
    begin = time.monotonic()
    connection.request("GET", f"/events/export?{query}", headers={
        "Authorization": f"Bearer {stack.key}"})
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    lines = size = 0
    while piece := answer.read1(1 << 20):
        lines += piece.count(b"\n")
        size += len(piece)
    connection.close()
    return lines, size, time.monotonic() - begin


def exports(stack, start):
    pid = stack.child("waxseal-events")
    step = DAYS * DAY_MS // EVENTS
    tenth = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(
        (start + step * EVENTS // 10) / 1000))
    print(f"memory of waxseal-events before: {memory(pid, 'VmRSS'):.1f} MiB")
    for query, what in ((f"to={tenth}", "CSV, a tenth"), ("", "CSV"),
                        ("format=ndjson", "NDJSON")):
        lines, size, seconds = export(stack, query)
        print(f"{what}: {lines:,} lines, {size >> 20:,} MiB in {seconds:.1f} s, "
              f"{lines / seconds:,.0f} lines/s; peak memory "
              f"{memory(pid, 'VmHWM'):.1f} MiB", flush=True)


def ask(stack, what, path):
    times = []
    for _ in range(QUESTIONS):
        begin = time.monotonic()
        answer = request(stack.api, "GET", path, None,
                         {"Authorization": f"Bearer {stack.key}"})
        times.append((time.monotonic() - begin) * 1000)
        assert answer.status == 200, answer.body
    times.sort()
    print(f"{what}: median {statistics.median(times):.1f} ms, worst "
          f"{times[-1]:.1f} ms", flush=True)
    return answer.json()


def questions(stack, domain, start):
    day = time.strftime("%Y-%m-%d", time.gmtime(start / 1000))
    span = f"start_date={day}&domain_id={domain}"
    ask(stack, "metrics, 30 days of a domain, daily",
        f"/emails/metrics?{span}&dimensions=period")
    ask(stack, "metrics, 30 days of a domain, hourly",
        f"/emails/metrics?{span}&dimensions=period&granularity=hourly")
    ask(stack, "links of a domain, 30 days",
        f"/events/links?domain_id={domain}&from={day}")
    ask(stack, "newest page", "/events")
    rare = ask(stack, "page of a rare verdict", "/events?verdict=machine")
    print(f"  which has {len(rare['data'])} events, has_more {rare['has_more']}")
    ask(stack, "page of a rare tag", "/events?tag=campaign:none")


def watch_logs(stack, stop, sizes):
    """How large the logs of the partitions get."""
    while not stop.wait(0.1):
        sizes.append(max((p.stat().st_size for p in
                          (stack.dir / "events").glob("*-wal")), default=0))


def main():
    folder = temporary_folder()
    stack = Stack(folder, {"WAXSEAL_DNS_RESOLVER": "127.0.0.1:1"})
    sizes, stop = [], threading.Event()
    try:
        stack.start()
        made = stack.call("POST", "/domains", {"name": "bench.example"}).json()
        stack.stop()
        with sqlite3.connect(stack.dir / "control.db") as control:
            number = control.execute("SELECT number FROM domains").fetchone()[0]
        start = (int(time.time() * 1000) // DAY_MS - DAYS + 1) * DAY_MS
        begin = time.monotonic()
        fill(stack, number, start)
        print(f"{EVENTS:,} events in {PARTS} partitions, made in "
              f"{time.monotonic() - begin:.0f} s", flush=True)
        stack.start()
        watch = threading.Thread(target=watch_logs, args=(stack, stop, sizes))
        watch.start()
        exports(stack, start)
        questions(stack, made["id"], start)
        stop.set()
        watch.join()
        print(f"largest log of a partition meanwhile: {max(sizes) / 1024:,.0f} KiB")
    finally:
        stop.set()
        stack.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
