#!/usr/bin/python3
"""Tables that are built and published again and again while clients click:
every answer is right, no request fails."""
import os
import socket
import sys
import threading

from edge import Domain, Edge, mint, read_response, run_tests

ROUNDS = int(os.environ.get("SWAP_ROUNDS", "100"))
CLIENTS = 4
LINKS = 200
ONE = Domain(201)


def url(link):
    return f"https://example.com/{link}"


def lines(generation):
    """The links are the same ones in each table, but elsewhere in the file."""
    first = generation * 37 % LINKS
    yield f"host links.example {ONE.words()}"
    for i in range(LINKS):
        link = (first + i) % LINKS
        yield f"link {link} {ONE.number} 0 {url(link)}"


class Client(threading.Thread):
    """Clicks all links in turn on one connection."""

    def __init__(self, port, stop):
        super().__init__()
        self.port, self.stop = port, stop
        self.answers, self.failures = 0, []
        self.requests = [
            f"GET {mint(ONE, link_id=link)} HTTP/1.1\r\n"
            "Host: links.example\r\n\r\n".encode() for link in range(LINKS)]

    def click_all(self, connection, stream):
        for link, request in enumerate(self.requests):
            connection.sendall(request)
            response = read_response(stream)
            self.answers += 1
            if response.status != 302 or response["Location"] != url(link):
                self.failures.append((link, response))

    def run(self):
        try:
            while not self.stop.is_set():
                with socket.create_connection(("127.0.0.1", self.port), 10) \
                        as connection, connection.makefile("rb") as stream:
                    self.click_all(connection, stream)
        except Exception as error:  # a request that failed
            self.failures.append(error)


def under_load(edge, change):
    """Runs change while clients click; returns the number of answers."""
    stop = threading.Event()
    clients = [Client(edge.port, stop) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        change()
    finally:
        stop.set()
        for client in clients:
            client.join(60)
    failures = [f for client in clients for f in client.failures]
    assert failures == [], failures[:5]
    return sum(client.answers for client in clients)


def test_new_tables_under_load():
    edge = Edge(workers=2)
    edge.make_table(lines(1), 1)
    with edge:
        def change():
            for generation in range(2, ROUNDS + 2):
                edge.make_table(lines(generation), generation)
        answers = under_load(edge, change)
        assert answers > 10 * ROUNDS, answers
        metrics = edge.metrics()
        assert metrics["waxseal_table_generation"] == ROUNDS + 1
        assert metrics["waxseal_table_failed_total"] == 0
        assert metrics["waxseal_table_opened_total"] > ROUNDS


def test_changed_and_new_tables_under_load():
    edge = Edge(workers=2)
    edge.make_table(lines(1), 1)
    with edge:
        def change():
            for generation in range(2, ROUNDS // 2 + 2):
                # other links come and go beside those that are clicked
                edge.change_table(*(f"link {LINKS + i} 1 0 {url(i)}"
                                    for i in range(40)))
                edge.change_table(*(f"remove-link {LINKS + i}"
                                    for i in range(40)))
                edge.make_table(lines(generation), generation)
        assert under_load(edge, change) > 10 * ROUNDS


if __name__ == "__main__":
    sys.exit(run_tests(globals())())
