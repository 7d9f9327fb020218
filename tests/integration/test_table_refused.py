#!/usr/bin/python3
"""Tables that are damaged, hostile, of another version or no files at all:
nginx says what is wrong and serves the last good one, the worker builds anew
what it can and says what it cannot."""
import os
import shutil
import struct
import sys

from edge import ROOT, USER, Domain, Edge, mint, run_tests
from table_state import TableState

ONE = Domain(201)
URL = "https://example.com/landing"
HOST = f"host links.example {ONE.words()}"
CLICK = mint(ONE, link_id=9)
UNREADABLE = USER or os.geteuid() != 0


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def patched(good, offset, value, right_crc=True):
    data = bytearray(good)
    data[offset:offset + len(value)] = value
    if right_crc:
        data[88:92] = struct.pack("<I", crc32c(data[:88]))
    return bytes(data)


def bad_files(good):
    """(name, content, what the log says)"""
    return [
        ("empty", b"", "malformed"),
        ("truncated", good[:-4096], "malformed"),
        ("cut after the header", good[:4096], "malformed"),
        ("cut in the header", good[:100], "malformed"),
        ("zeros", bytes(len(good)), "malformed"),
        ("noise", os.urandom(len(good)), "malformed"),
        ("older version", patched(good, 7, b"1"), "unknown format version"),
        ("newer version", patched(good, 7, b"3"), "unknown format version"),
        ("unknown flags", patched(good, 12, b"\1"), "unknown format version"),
        ("wrong CRC", patched(good, 80, b"\7", False), "malformed"),
        ("no buckets", patched(good, 16, bytes(8)), "malformed"),
        ("buckets without end", patched(good, 16, b"\xff" * 8), "malformed"),
        ("arena outside", patched(good, 24, b"\0\xf0" + b"\xff" * 6),
         "malformed"),
        ("size beyond the file", patched(good, 32, b"\xff" * 8), "malformed"),
        ("SQLite", b"SQLite format 3\0" + bytes(8176), "malformed"),
    ]


def put(path, make, owner=True):
    """Replaces what is at path by what make(path) makes there."""
    new = path.with_name("replacement")
    make(new)
    if ROOT and owner:
        shutil.chown(new, "www-data", "www-data")
    if path.is_dir():
        path.rmdir()
    if new.is_dir() and path.exists():
        path.unlink()
    os.rename(new, path)


def unreadable(path):
    path.write_bytes(b"WXTABLE2")
    path.chmod(0)


def served(edge):
    response = edge.get(CLICK)
    return response.status == 302 and response["Location"] == URL


def refused(edge, name, says):
    """nginx has tried what is at the path, says so and serves the former."""
    failed = edge.metrics()["waxseal_table_failed_total"]
    edge.wait(lambda: edge.metrics()["waxseal_table_failed_total"] > failed,
              limit=4)
    assert served(edge), name
    last = [line for line in edge.log().splitlines()
            if "cannot be opened" in line][-1]
    assert says in last and "the former one stays in use" in last, (name, last)


def start():
    edge = Edge()
    edge.make_table([HOST, f"link 9 {ONE.number} 0 {URL}"])
    return edge


def test_nginx_refuses_bad_files():
    edge = start()
    good = edge.table.read_bytes()
    with edge:
        assert served(edge)
        for name, content, says in bad_files(good):
            put(edge.table, lambda path: path.write_bytes(content))
            refused(edge, name, says)
        opened = edge.metrics()["waxseal_table_opened_total"]
        put(edge.table, lambda path: path.write_bytes(good))
        edge.wait(lambda: edge.metrics()["waxseal_table_opened_total"]
                  > opened, limit=4)
        assert served(edge)


def test_nginx_refuses_what_is_no_file():
    edge = start()
    with edge:
        assert served(edge)
        put(edge.table, os.mkfifo)
        refused(edge, "FIFO", "malformed")
        put(edge.table, os.mkdir)
        refused(edge, "directory", "malformed")
        put(edge.table, unreadable)
        if UNREADABLE:
            refused(edge, "unreadable", "Permission denied")
        edge.table.unlink()
        os.symlink("/dev/zero", edge.table)
        refused(edge, "device", "malformed")


def test_nginx_without_a_good_one_at_start():
    for name, content, says in bad_files(bytes(1 << 16))[:6]:
        edge = Edge()
        edge.table.write_bytes(content)
        if ROOT:
            shutil.chown(edge.table, "www-data", "www-data")
        with edge:
            assert edge.get(CLICK).status == 404, name
            assert says in edge.log() and \
                "no tracking host is known" in edge.log(), (name, edge.log())


def rebuild(state):
    (state.folder / "worker.log").unlink()
    state.start_worker()
    state.wait(lambda: "lookup table built" in state.log())
    state.await_applied()
    state.stop_worker()


def test_worker_builds_bad_files_anew():
    with TableState() as state:
        state.add_domains(3)
        state.add_links(50)
        state.start_worker()
        state.await_applied()
        state.stop_worker()
        good = state.table.read_bytes()
        for name, content, says in bad_files(good)[1::3]:
            put(state.table, lambda path: path.write_bytes(content))
            rebuild(state)
            assert f'"cause":"{says}' in state.log() \
                or f'"cause":"of an {says}' in state.log(), (name, state.log())
            state.compare()
        put(state.table, os.mkfifo)
        rebuild(state)
        state.compare()


def test_worker_says_what_it_cannot_replace():
    with TableState() as state:
        state.add_domains(1)
        state.state.chmod(0o750)
        for make, says in ((os.mkdir, "Is a directory"),
                           (unreadable, "Permission denied")):
            if make == unreadable and not UNREADABLE:
                continue
            put(state.table, make)
            state.start_worker()
            state.wait(lambda: says in state.log())
            state.stop_worker()
            shutil.rmtree(state.table, ignore_errors=True)
            state.table.unlink(missing_ok=True)


def test_command_line_says_what_is_wrong():
    with TableState() as state:
        state.add_domains(1)
        put(state.table, os.mkdir)
        result = state.run("waxseal", "table", "build")
        assert result.returncode == 1
        assert "Is a directory" in result.stderr, result.stderr


if __name__ == "__main__":
    sys.exit(run_tests(globals())())
