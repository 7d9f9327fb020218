"""User-space instructions a request, counted by callgrind."""
import os
import re
import socket

from load import AGENT
from server import Server, read_response, request

REQUESTS = int(os.environ.get("BENCH_COUNTED", "1000"))


class Counted(Server):
    """nginx as one process inside valgrind, which writes down its counts each
    time that the status page is asked for."""

    def command(self):
        return ["valgrind", "--quiet", "--tool=callgrind",
                "--dump-before=ngx_http_waxseal_status_handler",
                f"--callgrind-out-file={self.folder}/callgrind.out",
                *super().command()]

    def counted(self):
        """Instructions since the last call."""
        request(self.ports["status"], "/")
        dumps = self.folder.glob("callgrind.out.*")
        newest = max(dumps, key=lambda path: int(path.suffix[1:]))
        total = re.search(r"^(?:summary|totals): (\d+)",
                          newest.read_text(), re.M)
        return int(total.group(1))


def ask(port, requests):
    """Sends requests over one connection, each after the last answer."""
    with socket.create_connection(("127.0.0.1", port), 20) as connection, \
            connection.makefile("rb") as stream:
        for method, host, path in requests:
            connection.sendall(
                f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n"
                f"User-Agent: {AGENT}\r\n\r\n".encode())
            read_response(stream, head=method == "HEAD")


def count(server, cases):
    """{name: instructions a request}; the cost of a connection and of a dump
    cancels out between a short and a long run."""
    counts = {}
    for case in cases:
        port = server.ports[case.port]
        requests = (case.requests * REQUESTS)[:REQUESTS]
        ask(port, requests[:200])  # keys are derived, buffers made
        taken = []
        server.counted()
        for share in (requests[:REQUESTS // 10], requests):
            ask(port, share)
            taken.append(server.counted())
        counts[case.name] = (taken[1] - taken[0]) / (REQUESTS
                                                     - REQUESTS // 10)
    return counts
