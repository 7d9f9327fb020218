#!/usr/bin/python3
"""webhook_bench.py - what calls of the API wait for while a million webhook
deliveries are queued: two stacks, one with an empty queue and one with a full
one, asked in alternating rounds. The full queue is first not yet due, then due
to an endpoint that never answers, then delivered at full speed to one that does,
when deliveries and calls share the processors. Ratios of the medians of the
rounds; BENCH_DELIVERIES, BENCH_ROUNDS and BENCH_SECONDS change its size."""
import contextlib
import os
import pathlib
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]
                       / "integration"))
from stack import Stack, temporary_folder, wait_for  # noqa: E402
from webhook_sink import Sink  # noqa: E402

DELIVERIES = int(os.environ.get("BENCH_DELIVERIES", "1000000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "3"))
EVENTS = ["domain.updated"]


class Side:
    """A stack with a domain and a webhook."""

    def __init__(self, folder, sink):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.folder.chmod(0o755)
        self.stack = Stack(self.folder, {
            "WAXSEAL_WEBHOOK_ALLOW_NETWORKS": "127.0.0.0/8",
            "WAXSEAL_LOG": "warn"})
        self.stack.start()
        call = self.stack.call
        self.domain = call("POST", "/domains", {"name": "bench.example"}).json()
        self.webhook = call("POST", "/webhooks", {
            "endpoint": sink.url("/hang/bench"), "events": EVENTS}).json()
        # changes are told to nobody, so that both sides do the same work
        call("PATCH", f"/webhooks/{self.webhook['id']}",
             {"events": ["email.sent"]})

    @contextlib.contextmanager
    def queue(self):
        db = sqlite3.connect(self.stack.dir / "webhooks.db", timeout=60,
                             isolation_level=None)
        try:
            yield db
        finally:
            db.close()

    def fill(self):
        self.stack.stop()
        with self.queue() as db:
            far = int((time.time() + 86400) * 1e6)
            db.executescript(f"""
BEGIN;
WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n LIMIT {DELIVERIES})
INSERT INTO messages (id, type, created_at, payload)
SELECT 'msg_' || lower(hex(randomblob(16))), 'domain.updated', {far} + v,
 '{{"type":"domain.updated","data":"' || hex(zeroblob(300)) || '"}}' FROM n;
INSERT INTO deliveries (webhook, message, status, attempt, due_at)
SELECT 1, number, 'pending', 0, {far} + number FROM messages;
INSERT INTO endpoints (webhook, next_at) VALUES (1, {far} + 1);
COMMIT;""")
        self.stack.start()

    def due(self):
        """Makes the webhook's whole queue due now; the worker sees it when it
        looks at the endpoint, which is told so."""
        self.stack.stop()
        with self.queue() as db:
            db.executescript("BEGIN; UPDATE deliveries SET due_at = message, "
                             "taken = 0, status = 'pending' "
                             "WHERE due_at IS NOT NULL; "
                             "UPDATE endpoints SET next_at = 1, in_flight = 0, "
                             "failing_since = NULL; COMMIT;")
        self.stack.start()

    def waiting(self):
        with self.queue() as db:
            return db.execute("SELECT count(*) FROM deliveries "
                              "WHERE due_at IS NOT NULL").fetchone()[0]

    def load(self, script):
        """(requests/s, 99th percentile in ms) of a round."""
        lua = self.folder / "call.lua"
        lua.write_text(script.format(key=self.stack.key, domain=self.domain["id"],
                                     webhook=self.webhook["id"]))
        out = subprocess.run(
            ["wrk", "-t1", "-c4", f"-d{SECONDS}s", "--latency", "-s", lua,
             f"http://127.0.0.1:{self.stack.api}"],
            check=True, capture_output=True, text=True).stdout
        assert "Non-2xx" not in out and "Socket errors" not in out, out
        value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", out).groups()
        scale = {"us": 0.001, "ms": 1, "s": 1000}[unit]
        return (float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]),
                float(value) * scale)


HEAD = """wrk.headers["Authorization"] = "Bearer {key}"
"""
CALLS = {
    "GET /domains/{id}": HEAD + """
function request() return wrk.format("GET", "/domains/{domain}") end""",
    "PATCH /domains/{id}": HEAD + """
local flag = false
function request() flag = not flag
  return wrk.format("PATCH", "/domains/{domain}", nil,
    '{{"open_tracking":' .. tostring(flag) .. '}}') end""",
    "GET /webhooks/{id}/events": HEAD + """
function request()
  return wrk.format("GET", "/webhooks/{webhook}/events") end""",
}


def compare(title, empty, full, calls):
    print(f"\n{title}")
    print(f"{'':28}{'empty: /s':>10}{'p99 ms':>8}{'full: /s':>10}{'p99 ms':>8}"
          f"{'ratio /s':>10}")
    for name in calls:
        rounds = [(empty.load(CALLS[name]), full.load(CALLS[name]))
                  for _ in range(ROUNDS)]
        e, f = ([statistics.median(r[side][i] for r in rounds) for i in (0, 1)]
                for side in (0, 1))
        ratio = statistics.median(r[1][0] / r[0][0] for r in rounds)
        print(f"{name:28}{e[0]:10.0f}{e[1]:8.2f}{f[0]:10.0f}{f[1]:8.2f}"
              f"{ratio:10.2f}", flush=True)


def drain(full, sink):
    """Deliveries a second to one endpoint that answers at once."""
    full.stack.call("PATCH", f"/webhooks/{full.webhook['id']}",
                    {"endpoint": sink.url("/ok/bench"), "status": "enabled"})
    full.due()
    before, start = full.waiting(), time.monotonic()
    time.sleep(5)
    rate = (before - full.waiting()) / (time.monotonic() - start)
    print(f"\ndelivered: {rate:.0f}/s to one endpoint (its server, in Python, "
          "on the same processors)", flush=True)


def main():
    folder = temporary_folder()
    sink = Sink()
    sides = []
    try:
        empty, full = sides = [Side(f"{folder}/{name}", sink)
                               for name in ("empty", "full")]
        start = time.monotonic()
        full.fill()
        print(f"{full.waiting():,} deliveries queued in "
              f"{time.monotonic() - start:.0f} s, webhooks.db has "
              f"{(full.stack.dir / 'webhooks.db').stat().st_size >> 20} MB")
        compare("queued, none due", empty, full, CALLS)
        full.due()
        wait_for("deliveries under way", lambda: sink.of("/hang/bench"))
        compare("all due, the endpoint never answers", empty, full, CALLS)
        drain(full, sink)
        compare("while delivering at full speed", empty, full, CALLS)
    finally:
        for side in sides:
            side.stack.stop()
        sink.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
