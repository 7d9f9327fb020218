#!/usr/bin/python3
"""feed_bench.py - requests while the worker brings changes into the lookup
table: 99th percentile of clicks on table links, in pairs of rounds without and
with changes. BENCH_FEED_LINKS and BENCH_CHANGES set the sizes; the last part
is the longest request while a table of that size takes another's place."""
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]
                       / "integration"))
from edge import BUILD, ROOT, USER, Domain, Edge, compile_tool  # noqa: E402
import link_token  # noqa: E402

LINKS = int(os.environ.get("BENCH_FEED_LINKS", "1000000"))
CHANGES = int(os.environ.get("BENCH_CHANGES", "1000000"))
PAIRS = 10
SECONDS = 2
TARGETS = 1000  # links that are clicked
CONNECTIONS = 32
DELAY_MS = 6  # at most, between an answer and the next request


def targets(table):
    """A host and the paths of its links, which change() leaves alone."""
    process = subprocess.Popen([compile_tool("tool_table"), "dump", table],
                               stdout=subprocess.PIPE, text=True)
    links, host = {}, None
    for line in process.stdout:
        kind, *words = line.split()
        if kind == "link":
            links.setdefault(words[1], []).append(int(words[0]))
        elif host is None and int(words[1]) % 2 == 0:
            host = words
    process.wait()
    name, number, domain, secret = host[:4]
    return name, [
        "/c/" + link_token.mint(bytes.fromhex(secret), bytes.fromhex(domain),
                                "c", int(host[5].split(",")[0]), 3, bytes(16),
                                0, None, link, 0)
        for link in links[number][:TARGETS]]


def script(folder, host, paths):
    text = ",".join(f'"{path}"' for path in paths)
    (folder / "clicks.lua").write_text(f"""
local paths, n = {{{text}}}, 0
wrk.headers["Host"] = "{host}"
-- clicks come when they come: a load that leaves room on the processors
delay = function() return math.random(0, {DELAY_MS}) end
request = function()
    n = n % #paths + 1
    return wrk.format("GET", paths[n])
end
done = function(summary, latency, requests)
    io.write(string.format("p99 %d max %d rate %d errors %d\\n",
        latency:percentile(99), latency.max,
        summary.requests * 1e6 / summary.duration, summary.errors.status +
        summary.errors.connect + summary.errors.read + summary.errors.write +
        summary.errors.timeout))
end
""")


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.state = folder / "state"
        self.table = self.state / "table.wxt"
        self.copy = self.state / "table.copy"
        self.worker = None

    def program(self, name, *arguments, **options):
        return [str(self.folder / "bin" / name), *arguments, "--dir",
                str(self.state)]

    def make(self):
        shutil.copytree(BUILD / "bin", self.folder / "bin")
        subprocess.run([pathlib.Path(__file__).with_name("make_links.py"),
                        self.state, str(LINKS)], check=True)
        self.build()

    def build(self):
        subprocess.run(self.program("waxseal", "table", "build"), check=True)

    def start_worker(self):
        with open(self.folder / "worker.log", "wb") as log:
            self.worker = subprocess.Popen(self.program("waxseal-worker"),
                                           stderr=log, **USER)

    def stop_worker(self):
        self.worker.send_signal(signal.SIGTERM)
        assert self.worker.wait(20) == 0

    def control(self):
        return sqlite3.connect(self.state / "control.db", timeout=30)

    def change(self, count):
        """Changes links that nobody clicks, and back."""
        with self.control() as control:
            control.execute(
                "UPDATE links SET killed_at = CASE WHEN killed_at IS NULL "
                "THEN 1 END WHERE id IN (SELECT id FROM links WHERE "
                "domain % 2 = 1 ORDER BY id DESC LIMIT ?)", (count,))

    def load(self, edge):
        """(99th percentile, maximum in ms, requests/s)"""
        output = subprocess.run(
            ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s",
             str(self.folder / "clicks.lua"),
             f"http://127.0.0.1:{edge.port}"],
            check=True, text=True, capture_output=True).stdout
        p99, longest, rate, errors = map(int, re.search(
            r"p99 (\d+) max (\d+) rate (\d+) errors (\d+)", output).groups())
        assert errors == 0, output
        return p99 / 1000, longest / 1000, rate

    def applied(self, edge):
        return edge.metrics()["waxseal_table_applied"]

    def newest(self):
        with self.control() as control:
            return control.execute("SELECT seq FROM sqlite_sequence "
                                   "WHERE name = 'changes'").fetchone()[0]

    def pair(self, edge):
        quiet = self.load(edge)
        self.worker.send_signal(signal.SIGSTOP)
        self.change(CHANGES // PAIRS)
        before = self.applied(edge)
        self.worker.send_signal(signal.SIGCONT)
        busy = self.load(edge)
        at_end = self.applied(edge)
        start = time.monotonic()
        edge.wait(lambda: self.applied(edge) == self.newest(), 120)
        late = time.monotonic() - start
        print(f"without: p99 {quiet[0]:6.2f} ms, {quiet[2]:6d}/s   with "
              f"{at_end - before} changes: p99 {busy[0]:6.2f} ms, max "
              f"{busy[1]:6.2f} ms, {busy[2]:6d}/s   "
              f"{busy[0] / quiet[0]:.2f}   ({late:.1f} s more for the rest)",
              flush=True)
        return busy[0] / quiet[0]

    def replace_table(self):
        """What a writer does at the end, without the work before."""
        former = os.open(self.table, os.O_RDWR)
        os.rename(self.copy, self.table)
        os.pwrite(former, b"\1", 192)  # superseded
        os.close(former)

    def swap(self, edge):
        """A table of the full size takes the place of the other."""
        self.stop_worker()
        size = self.table.stat().st_size
        for _ in range(3):
            shutil.copy(self.table, self.copy)
            if ROOT:
                shutil.chown(self.copy, "www-data", "www-data")
            os.sync()
            quiet = self.load(edge)
            opened = edge.metrics()["waxseal_table_opened_total"]
            swap = threading.Timer(SECONDS / 2, self.replace_table)
            swap.start()
            busy = self.load(edge)
            swap.join()
            assert edge.metrics()["waxseal_table_opened_total"] > opened
            print(f"table of {size >> 20} MB swapped: longest request "
                  f"{busy[1]:.2f} ms, p99 {busy[0]:.2f}; without "
                  f"{quiet[1]:.2f} ms, p99 {quiet[0]:.2f}", flush=True)


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="waxseal-feed-bench."))
    folder.chmod(0o755)
    bench = Bench(folder)
    try:
        bench.make()
        script(folder, *targets(bench.table))
        edge = Edge()
        text = (edge.folder / "nginx.conf").read_text()
        edge.configure(re.sub(r"waxseal_table .*?;",
                              f"waxseal_table {bench.table};", text)
                       .replace("access_log " + str(edge.folder), "#"))
        if ROOT:
            os.chmod(bench.state, 0o755)
        with edge:
            bench.start_worker()
            edge.wait(lambda: bench.applied(edge) == bench.newest(), 60)
            ratios = [bench.pair(edge) for _ in range(PAIRS)]
            print(f"p99 with changes / without, median of {PAIRS} pairs: "
                  f"{statistics.median(ratios):.2f}")
            bench.swap(edge)
    finally:
        if bench.worker and bench.worker.poll() is None:
            bench.worker.kill()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
