"""An nginx with the module, on a lookup table and a journal of its own, and
what tests need around it. Nothing but the standard library."""
import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

from ports import free_port

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(TOP / "tests"))
import link_token  # noqa: E402
BUILD = TOP / os.environ.get("BUILD", "build")
# another nginx and module may be tested, and memory checked by valgrind
NGINX = os.environ.get("WAXSEAL_NGINX", "/usr/sbin/nginx")
MODULE = pathlib.Path(os.environ.get("WAXSEAL_MODULE",
                                     BUILD / "ngx_http_waxseal_module.so"))
VALGRIND = os.environ.get("WAXSEAL_VALGRIND") == "1"
PATIENCE = 20 if VALGRIND else 1
SANITIZED = ("asan" in BUILD.parts
             or os.environ.get("WAXSEAL_SANITIZED") == "1")
ROOT = os.geteuid() == 0
USER = dict(user="www-data", group="www-data", extra_groups=[]) if ROOT else {}

OFF, ANONYMOUS, PSEUDONYMOUS, FULL = range(4)
OPENS, CLICKS, KILLED, DELETED, ENFORCED = 1, 2, 4, 8, 16
HEAD, PREFETCH, GPC, TLS, TABLE, AGENT_CUT = 1, 2, 4, 8, 16, 32


# ---- tools made of core ----

def compile_tool(name):
    """Builds tests/integration/NAME.c with core, returns the program."""
    program = BUILD / "integration" / name
    source = TOP / "tests/integration" / f"{name}.c"
    library = BUILD / "libcore.a"
    newest = max(source.stat().st_mtime, library.stat().st_mtime)
    if program.exists() and program.stat().st_mtime > newest:
        return program
    program.parent.mkdir(parents=True, exist_ok=True)
    flags = ["-fsanitize=address,undefined"] if SANITIZED else []
    built = program.with_name(f"{name}.{os.getpid()}")
    subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror",
                    "-D_GNU_SOURCE", "-g", *flags, f"-I{TOP}/core",
                    str(source), str(library), "-lcrypto", "-o", str(built)],
                   check=True)
    built.rename(program)
    return program


# ---- domains and links ----

@dataclasses.dataclass(frozen=True)
class Domain:
    number: int
    flags: int = OPENS | CLICKS
    keys: str = "1,2"
    certificate: int = 0  # generation

    @property
    def id(self):
        return hashlib.sha256(f"id {self.number}".encode()).digest()[:16]

    @property
    def secret(self):
        return hashlib.sha256(f"secret {self.number}".encode()).digest()

    def words(self):
        return (f"{self.number} {self.id.hex()} {self.secret.hex()} "
                f"{self.flags}:{self.certificate} {self.keys}")


def mint(domain, kind="c", url=None, link_id=None, mode=FULL, key_id=1,
         expires=0, message_id=bytes(16), index=0):
    """The path of a tracking link."""
    token = link_token.mint(domain.secret, domain.id, kind, key_id, mode,
                            message_id, index, url and url.encode(), link_id,
                            expires)
    return f"/{kind}/{token}"


# ---- HTTP, byte for byte ----

@dataclasses.dataclass
class Response:
    status: int
    headers: list
    body: bytes

    def __getitem__(self, name):
        """The value of a header that must be there once at most."""
        values = [v for n, v in self.headers if n.lower() == name.lower()]
        assert len(values) < 2, f"{name} is there {len(values)} times"
        return values[0] if values else None


def read_response(stream, head=False):
    line = stream.readline()
    assert line.startswith(b"HTTP/1."), f"no response: {line!r}"
    headers = []
    while (field := stream.readline()) not in (b"\r\n", b""):
        name, _, value = field.rstrip(b"\r\n").partition(b": ")
        headers.append((name.decode(), value.decode()))
    response = Response(int(line.split()[1]), headers, b"")
    length = response["Content-Length"]
    if not head and length is not None:
        response.body = stream.read(int(length))
    return response


def talk(port, data, count=1, head=False):
    """Sends bytes, returns as many responses as asked for."""
    with socket.create_connection(("127.0.0.1", port),
                                  10 * PATIENCE) as connection:
        connection.sendall(data)
        with connection.makefile("rb") as stream:
            responses = [read_response(stream, head) for _ in range(count)]
    return responses[0] if count == 1 else responses


def request(port, path, host="links.example", method="GET", headers=()):
    fields = [f"{method} {path} HTTP/1.1", f"Host: {host}", *headers,
              "Connection: close", "", ""]
    return talk(port, "\r\n".join(fields).encode("latin-1"),
                head=method == "HEAD")


def owned_by_nginx(path):
    if ROOT:
        shutil.chown(path, "www-data", "www-data")


# ---- HTTP/2, frame by frame ----

def h2_frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(
        ">BBI", kind, flags, stream) + payload


def h2_headers(*fields):
    block = b""
    for name, value in fields:  # literals, not indexed, no Huffman coding
        assert len(name) < 127 and len(value) < 127
        block += b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value
    return block


def h2_frames(stream):
    while len(head := stream.read(9)) == 9:
        length = int.from_bytes(head[:3], "big")
        yield head[3], head[4], int.from_bytes(head[5:], "big"), \
            stream.read(length)


# ---- nginx ----

# nginx hands a new binary only the variables that it is told to
CONFIGURATION = """
env LD_PRELOAD;
env ASAN_OPTIONS;
load_module {folder}/module.so;
daemon off;
worker_processes {workers};
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 64; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    log_format waxseal "$waxseal_event $waxseal_domain $waxseal_result "
        "$waxseal_verdict";
    access_log {folder}/access.log waxseal;
    waxseal_table {folder}/table;
    {journal}
    server {{
        listen 127.0.0.1:{port};
        set_real_ip_from 127.0.0.0/8;
        real_ip_header X-Test-Address;
        location / {{
            waxseal_tracking;
            waxseal_region eu-west-1;
            waxseal_protocol $http_x_forwarded_proto;
        }}
        location /inner/ {{
            error_page 404 = {inner};
            return 404;
        }}
    }}
    server {{
        listen 127.0.0.1:{status_port};
        access_log off;
        location = /status {{ waxseal_status; }}
    }}
    {servers}
}}
"""


class Edge:
    def __init__(self, journal="journal", workers=1, servers="",
                 inner="/favicon.ico", expected_alerts=()):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="waxseal-edge."))
        self.table = self.folder / "table"
        self.journal = self.folder / "journal"
        self.journal.mkdir()
        self.expected_alerts = expected_alerts
        self.port, self.status_port = free_port(), free_port()
        self.process = None
        self.seen = 0
        assert not SANITIZED or b"__asan_init" in MODULE.read_bytes()
        shutil.copy(MODULE, self.folder / "module.so")
        if journal:
            journal = f"waxseal_journal {self.folder}/{journal};"
        self.configure(CONFIGURATION.format(
            folder=self.folder, workers=workers, journal=journal or "",
            port=self.port, status_port=self.status_port, inner=inner,
            servers=servers.replace("@DIR@", str(self.folder))))

    def configure(self, text):
        (self.folder / "nginx.conf").write_text(text)
        if ROOT:
            for path in (self.folder, *self.folder.rglob("*")):
                shutil.chown(path, "www-data", "www-data")

    def environment(self):
        environment = dict(os.environ)
        if SANITIZED:
            found = [subprocess.run(["gcc", f"-print-file-name={name}"],
                                    check=True, text=True,
                                    capture_output=True).stdout.strip()
                     for name in ("libasan.so", "libubsan.so")]
            environment["LD_PRELOAD"] = " ".join(found)
            # each module brings names of its own, which nginx has too
            environment["ASAN_OPTIONS"] = ("detect_leaks=0:"
                                           "detect_odr_violation=0")
        return environment

    def command(self):
        valgrind = ["valgrind", "-q", "--track-origins=yes",
                    "--child-silent-after-fork=no", "--trace-children=yes",
                    f"--log-file={self.folder}/valgrind.%p"]
        return [*(valgrind if VALGRIND else []),
                NGINX, "-e", "stderr", "-p", f"{self.folder}/",
                "-c", f"{self.folder}/nginx.conf"]

    def check_memory(self):
        """valgrind, which is silent else, has nothing to say."""
        reports = list(self.folder.glob("valgrind.*"))
        assert reports or self.process is None or not VALGRIND
        for path in reports:
            said = path.read_text(errors="replace")
            assert not said.strip(), said

    def test_configuration(self):
        """(accepted, what nginx -t says)"""
        result = subprocess.run([*self.command(), "-t"], text=True, **USER,
                                env=self.environment(),
                                timeout=30 * PATIENCE,
                                capture_output=True)
        return result.returncode == 0, result.stderr

    def start(self):
        with open(self.folder / "stderr", "ab") as stderr:
            self.process = subprocess.Popen(
                self.command(), stderr=stderr, env=self.environment(), **USER,
                start_new_session=True)
        self.wait(lambda: self.listening() and self.workers())
        return self

    def listening(self):
        assert self.process.poll() is None, self.log()
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def wait(self, condition, limit=20):
        deadline = time.monotonic() + limit * PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "waited in vain\n" + self.log()
            time.sleep(0.02)

    def workers(self):
        pid = self.process.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(child) for child in children.split()]

    def log(self):
        return "".join((self.folder / name).read_text(errors="replace")
                       for name in ("error.log", "stderr")
                       if (self.folder / name).exists())

    def stop(self):
        """Ends nginx, which must not have complained; removes the folder."""
        try:
            if self.process is not None and self.process.poll() is None:
                self.process.send_signal(signal.SIGQUIT)
                try:
                    self.process.wait(20 * PATIENCE)
                except subprocess.TimeoutExpired:
                    os.killpg(self.process.pid, signal.SIGKILL)
                    self.process.wait()
                    raise
            for line in self.log().splitlines():
                bad = any(word in line for word in
                          ("[alert]", "[emerg]", "Sanitizer", "runtime error"))
                known = any(word in line for word in self.expected_alerts)
                assert known or not bad, line
            self.check_memory()
        finally:
            shutil.rmtree(self.folder)

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, trace):
        self.stop()

    # what it serves

    def make_table(self, lines, generation=1, url_bytes=256 * 1024, hosts=256):
        self.run_tool("tool_table", "create", self.table, str(generation),
                      str(url_bytes), str(hosts), lines=lines)

    def change_table(self, *lines):
        self.run_tool("tool_table", "update", self.table, lines=lines)

    def run_tool(self, name, *arguments, lines=()):
        # a copy that the ordinary user can reach, wherever the tree lies
        tool = self.folder / name
        if not tool.exists():
            shutil.copy(compile_tool(name), tool)
        result = subprocess.run([tool, *arguments], text=True,
                                **USER, input="\n".join(lines) + "\n",
                                capture_output=True, timeout=300)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def read_journal(self):
        names = sorted(path.name for path in self.journal.glob("*.wxj"))
        output = self.run_tool("tool_journal", self.journal, *names)
        return [json.loads(line) for line in output.splitlines()]

    def events(self):
        """All events of the journal, in the order of each writer."""
        return [line for line in self.read_journal() if "type" in line]

    def segments(self):
        """Name of each segment: whether nothing can follow in it."""
        return {line["segment"]: line["finished"]
                for line in self.read_journal() if "segment" in line}

    def new_events(self):
        """The events since the last call."""
        events = self.events()
        fresh = events[self.seen:]
        self.seen = len(events)
        return fresh

    def get(self, path, **options):
        return request(self.port, path, **options)

    def metrics(self):
        response = request(self.status_port, "/status")
        assert response.status == 200
        assert response["Content-Type"] == "text/plain; version=0.0.4"
        lines = response.body.decode().splitlines()
        return {name: int(value) for name, value in
                (line.rsplit(" ", 1) for line in lines if line[0] != "#")}


# ---- running tests ----

def run_tests(names, *arguments):
    """Calls every test_* function, returns a function that sums up: the last
    line of output, the exit code as its value."""
    passed, failed = 0, 0
    for name, test in list(names.items()):
        if not name.startswith("test_"):
            continue
        try:
            test(*arguments)
            passed += 1
        except Exception:  # a failed test must not hide the others
            print(f"FAIL {name}\n{traceback.format_exc()}", flush=True)
            failed += 1

    def outcome():
        print(f"{passed} passed, {failed} failed")
        return 1 if failed else 0
    return outcome
