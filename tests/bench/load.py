"""Rounds of load, and the CPU time of the worker that each request costs."""
import dataclasses
import os
import pathlib
import re
import statistics
import subprocess

from server import BUILD, HERE, request

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "1"))
# Other work on the machine comes and goes: the shorter the rounds, the more of
# them have the same of it as their reference. wrk and h2load know whole seconds.
PARTS = 5
AGENT = ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) "
         "AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148")


def cpu_ns(pid):
    """CPU time that the process has had so far."""
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0])


class Load:
    """One case, ready to be asked for round after round: by tool_load where
    that can be, by h2load over HTTP/2, by wrk over TLS and new connections."""

    def __init__(self, server, case):
        self.server, self.case = server, case
        self.seconds = SECONDS
        port = server.ports[case.port]
        tls = case.port.endswith("tls")
        url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        if not (tls or case.h2):
            self.check(port)
        listed = server.folder / f"requests.{case.name.replace(' ', '-')}"
        if case.h2:
            listed.write_text("".join(f"{url}{path}\n"
                                      for _, _, path in case.requests))
            self.command = ["h2load", "-t1", "-c8", "-m32", f"-D{SECONDS}",
                            "-H", f":authority: {case.requests[0][1]}",
                            "-H", f"user-agent: {AGENT}", "-i", listed]
            return
        listed.write_text("".join(" ".join(line) + f" {AGENT}\n"
                                  for line in case.requests))
        if tls or case.options:
            self.command = ["wrk", "-t1", "-c32", f"-d{SECONDS}s",
                            "-H", f"User-Agent: {AGENT}", *case.options,
                            "-s", HERE / "paths.lua", url, "--", listed]
        else:
            self.seconds = SECONDS / PARTS
            self.command = [BUILD / "bench/tool_load", str(port), "64",
                            str(self.seconds), str(case.status), listed]

    def check(self, port):
        """A benchmark of wrong answers is none."""
        for method, host, path in self.case.requests[:20]:
            answer = request(port, path, host=host, method=method)
            assert answer.status == self.case.status, \
                f"{self.case.name}: {answer.status}, {path}"

    def round(self):
        """(requests/s, ns of the worker's CPU a request)"""
        worker = self.server.workers()[0]
        before = cpu_ns(worker)
        output = subprocess.run(self.command, check=True, text=True,
                                capture_output=True).stdout
        used = cpu_ns(worker) - before
        if self.case.h2:
            requests = int(re.search(r"(\d+) succeeded", output).group(1))
            right = int(re.search(r"(\d+) 3xx", output).group(1))
            assert right >= requests, output
        else:
            requests = int(re.search(r"(\d+) requests in", output).group(1))
            assert self.case.status >= 400 or "Non-2xx" not in output, output
        return requests / self.seconds, used / requests


@dataclasses.dataclass
class Figures:
    rate: float     # requests/s
    ns: float       # CPU a request
    ratio: float    # of ns to the reference, median of the rounds
    low: float
    high: float
    least: float    # CPU a request in the least disturbed round


def compare(server, cases):
    """Asks for all cases in turn, each for ROUNDS * SECONDS in all; the first
    one is the reference of each round. {name: Figures}"""
    loads = [Load(server, case) for case in cases]
    rounds = {case.name: [] for case in cases}
    for _ in range(int(ROUNDS * SECONDS / max(l.seconds for l in loads))):
        base = None
        for load in loads:
            rate, ns = load.round()
            base = base or ns
            rounds[load.case.name].append((rate, ns, ns / base))
    return {name: Figures(*map(statistics.median, zip(*taken)),
                          min(r[2] for r in taken), max(r[2] for r in taken),
                          min(r[1] for r in taken))
            for name, taken in rounds.items()}
