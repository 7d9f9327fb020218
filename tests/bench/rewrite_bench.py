#!/usr/bin/python3
"""rewrite_bench.py - links into real newsletters: the library against other
ways to do it, on the same files (tests/templates); and POST /messages through
nginx and FastCGI against the library alone. BENCH_ROUNDS changes its length."""
import http.client
import json
import os
import pathlib
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "integration"))
from stack import BUILD, TOP, Stack, temporary_folder, wait_for  # noqa: E402

ROUNDS = int(os.environ.get("BENCH_ROUNDS", 7))
TOOL = BUILD / "bench/tool_rewrite"
BODY = 50_000  # bytes of the messages that are posted
POSTS = 300    # a round
CLIENTS = 8    # that post at once, in another


def templates():
    return sorted(map(str, (TOP / "tests/templates").glob("*.html")))


def build_peers():
    program = BUILD / "bench/rewrite_peers"
    go = shutil.which("go") or "/usr/bin/go"
    subprocess.run([go, "build", "-o", str(program), "."], check=True,
                   cwd=HERE / "rewrite_peers",
                   env=dict(os.environ, GO111MODULE="off", CGO_ENABLED="0",
                            GOPATH="/usr/share/gocode", GOFLAGS="",
                            GOCACHE=str(BUILD / "bench/go-cache")))
    return program


def speeds(program, files):
    """{way: MB/s} of one round."""
    out = subprocess.run([str(program), "1", *files], check=True, text=True,
                         stdout=subprocess.PIPE,
                         env=dict(os.environ, GOMAXPROCS="1")).stdout.split()
    return dict(zip(out[::2], map(float, out[1::2])))


def against_peers():
    files = templates()
    size = sum(os.path.getsize(path) for path in files)
    print(f"{len(files)} templates, {size:,} bytes, {ROUNDS} paired rounds, "
          "links minted by each way")
    peers = build_peers()
    rounds = []
    for _ in range(ROUNDS):
        rounds.append({**speeds(TOOL, files), **speeds(peers, files)})
    print(f"{'':12}{'MB/s':>8}{'library is':>12}{'range':>14}")
    for way in rounds[0]:
        ratios = sorted(r["library"] / r[way] for r in rounds)
        print(f"{way:12}{statistics.median(r[way] for r in rounds):8.0f}"
              f"{statistics.median(ratios):10.1f} x"
              f"{ratios[0]:8.1f} -{ratios[-1]:5.1f}")


def make_body(folder):
    """A file of the templates one after the other, cut to BODY bytes."""
    text = "".join(pathlib.Path(path).read_text() for path in templates())
    path = folder / "body.html"
    path.write_text(text[:BODY])
    return path


def cpu_of(pids):
    """Nanoseconds that the processes have run."""
    return sum(int(task.read_text().split()[0]) for pid in pids
               for task in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"))


def ready(stack):
    answer = stack.call("POST", "/domains", {
        "name": "acme.example", "tracking_subdomain": "links",
        "open_tracking": True, "click_tracking": True})
    assert answer.status == 201, answer.body
    with sqlite3.connect(stack.dir / "control.db", timeout=10) as db:
        db.execute("UPDATE domains SET state = 'verified', next_check_at = NULL")
        db.execute("UPDATE records SET status = 'verified'")
        db.execute("UPDATE tracking_hosts SET verified_at = 1")


def post(stack, body, headers):
    """(wall, tracking program's CPU, nginx's CPU) seconds of a request."""
    tracking, nginx = [stack.child("waxseal-tracking")], stack.nginx_workers()
    connection = http.client.HTTPConnection("127.0.0.1", stack.api)
    start, before = time.perf_counter(), (cpu_of(tracking), cpu_of(nginx))
    for _ in range(POSTS):
        connection.request("POST", "/messages", body, headers)
        response = connection.getresponse()
        assert response.status == 201 and response.read()
    wall = time.perf_counter() - start
    return (wall / POSTS, (cpu_of(tracking) - before[0]) / 1e9 / POSTS,
            (cpu_of(nginx) - before[1]) / 1e9 / POSTS)


def post_many(stack, path):
    """(wall, tracking program's CPU) seconds of a request of CLIENTS at once."""
    tracking = [stack.child("waxseal-tracking")]
    before = cpu_of(tracking)
    out = subprocess.run(
        ["wrk", "-t1", f"-c{CLIENTS}", "-d2s", "-s", str(HERE / "post.lua"),
         f"http://127.0.0.1:{stack.api}/messages", "--", str(path), stack.key],
        check=True, text=True, stdout=subprocess.PIPE).stdout
    assert "Non-2xx" not in out and "Socket errors" not in out, out
    count = int(re.search(r"(\d+) requests in", out)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])
    return 1 / rate, (cpu_of(tracking) - before) / 1e9 / count


def through_the_api():
    folder = pathlib.Path(temporary_folder())
    stack = Stack(folder, {"WAXSEAL_LOG": "error",
                           "WAXSEAL_API_RATE_LIMIT": "100000"})
    try:
        stack.start()
        ready(stack)
        path = make_body(folder)
        body = json.dumps({"domain": "acme.example", "html": path.read_text()})
        headers = {"Authorization": f"Bearer {stack.key}"}
        (folder / "body.json").write_text(body)
        post(stack, body, headers)
        rounds = []
        for _ in range(ROUNDS):
            bare = os.path.getsize(path) / speeds(TOOL, [str(path)])["library"] / 1e6
            rounds.append((bare, *post(stack, body, headers),
                           *post_many(stack, folder / "body.json")))
    finally:
        stack.stop()
        shutil.rmtree(folder)
    print(f"\na message of {BODY:,} bytes, {POSTS} a round, one after the other")
    for i, name in enumerate(("library alone", "POST /messages, time", "its "
                              "tracking program's CPU", "its nginx's CPU",
                              f"{CLIENTS} at once: time", "its tracking "
                              "program's CPU")):
        ratio = statistics.median(r[i] / r[0] for r in rounds)
        print(f"{name:28}{statistics.median(r[i] for r in rounds) * 1e6:8.0f} us"
              f"{ratio:8.1f} x")


def main():
    against_peers()
    through_the_api()


if __name__ == "__main__":
    main()
