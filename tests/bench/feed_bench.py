#!/usr/bin/python3
"""feed_bench.py - what clicks on table links wait for while the lookup table
changes: the 99th percentile in pairs of rounds without and with changes, then
the longest request without and with a table of full size that takes the place
of another, and with the worker building such a table meanwhile.
BENCH_FEED_LINKS and BENCH_CHANGES set the sizes."""
import contextlib
import grp
import os
import pathlib
import pwd
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
SWAPS = 5
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

    @contextlib.contextmanager
    def control(self):
        """control.db, opened as the user of the worker: a file of SQLite's that
        is root's for a moment would be one that the worker cannot write."""
        if ROOT:
            os.setegid(grp.getgrnam(USER["group"]).gr_gid)
            os.seteuid(pwd.getpwnam(USER["user"]).pw_uid)
        try:
            with contextlib.closing(sqlite3.connect(
                    self.state / "control.db", timeout=30)) as control:
                with control:
                    yield control
        finally:
            if ROOT:
                os.seteuid(0)
                os.setegid(0)

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

    def copy_table(self):
        shutil.copy(self.table, self.copy)
        if ROOT:
            shutil.chown(self.copy, "www-data", "www-data")
        os.sync()
        time.sleep(0.5)

    def compare(self, edge, what, prepare, change):
        """Pairs of rounds without and with change, in the middle of which the
        workers of nginx open another table."""
        ratios = []
        for _ in range(SWAPS):
            prepare()
            quiet = self.load(edge)
            opened = edge.metrics()["waxseal_table_opened_total"]
            timer = threading.Timer(SECONDS / 4, change)
            timer.start()
            busy = self.load(edge)
            timer.join()
            edge.wait(lambda: edge.metrics()["waxseal_table_opened_total"]
                      > opened)
            ratios.append((quiet[1], busy[1], busy[0] / quiet[0]))
            print(f"without: p99 {quiet[0]:6.2f} ms, max {quiet[1]:6.2f} ms   "
                  f"with {what}: p99 {busy[0]:6.2f} ms, max {busy[1]:6.2f} ms",
                  flush=True)
        quiet, busy, ratio = map(statistics.median, zip(*ratios))
        print(f"longest request, median of {SWAPS} pairs: without "
              f"{quiet:.2f} ms, with {what} {busy:.2f} ms; p99 with / without "
              f"{ratio:.2f}", flush=True)

    def swap(self, edge):
        """A table of the full size takes the place of the other."""
        size = self.table.stat().st_size >> 20
        self.stop_worker()
        self.compare(edge, f"a swap to a table of {size} MB", self.copy_table,
                     self.replace_table)

    def rebuild(self, edge):
        """The worker finds no table and builds one of all links."""
        def forget():
            if self.worker.poll() is None:
                self.stop_worker()
            self.table.unlink()
        self.compare(edge, f"a build of {LINKS} links", forget,
                     self.start_worker)
        self.stop_worker()


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
            bench.rebuild(edge)
    finally:
        if bench.worker and bench.worker.poll() is None:
            bench.worker.kill()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
