"""The real parts that the integration tests drive: the whole stack under
`waxseal run`, a name server, and small HTTP and process helpers. Standard
library only; everything on 127.0.0.1 and free ports."""
import contextlib
import http.client
import json
import os
import pathlib
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

from ports import free_port

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = TOP / os.environ.get("BUILD", "build")
BROWSER = ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, "
           "like Gecko) Chrome/146.0.0.0 Safari/537.36")


def wait_for(what, check, seconds=15):
    """Waits until check() is true and returns its value."""
    end = time.monotonic() + seconds
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        time.sleep(0.05)


def own_root(folder):
    """unbound's configuration for a root zone without any name: what it has no
    stub for does not exist, and it asks nobody outside of this machine."""
    (pathlib.Path(folder) / "root").write_text(
        ". 60 SOA ns. hostmaster. 1 60 60 60 1\n. 60 NS ns.\n")
    return """auth-zone:
  name: .
  zonefile: root
  for-downstream: no
  for-upstream: yes
  fallback-enabled: no
"""


def children(pid):
    """[(pid, name)] of the processes whose parent is pid."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                stat = (entry / "stat").read_text()
                name, rest = stat[stat.index("(") + 1:].rsplit(")", 1)
                state, parent = rest.split()[:2]
                if int(parent) == pid and state != "Z":
                    found.append((int(entry.name), name))
    return found


def name_of(pid):
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    return None


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


def request(port, method, path, body=None, headers=None, connection=None):
    own = connection is None
    connection = connection or http.client.HTTPConnection(
        "127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        if own:
            connection.close()


class Nsd:
    """A real NSD with zones given as {name: text of records}."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.port = free_port()
        self.process = None

    def settings(self):
        """Waxseal's, with which it asks this name server alone."""
        return {"WAXSEAL_DNS_RESOLVER": f"127.0.0.1:{self.port}",
                "WAXSEAL_DNS_PORT": str(self.port),
                "WAXSEAL_DNS_ALLOW_NS": "127.0.0.0/8"}

    def start(self, zones):
        self.stop()
        config = [f"""server:
  ip-address: 127.0.0.1@{self.port}
  zonesdir: "{self.folder}"
  database: ""
  pidfile: "{self.folder}/pid"
  zonelistfile: "{self.folder}/list"
  xfrdfile: "{self.folder}/xfrd"
  xfrdir: "{self.folder}"
  username: ""
  server-count: 1
remote-control:
  control-enable: no
"""]
        for name, text in zones.items():
            (self.folder / name).write_text(
                f"$ORIGIN {name}.\n$TTL 60\n"
                "@ SOA ns hostmaster 1 60 60 600 60\n@ NS ns\n"
                f"ns A 127.0.0.1\n{text}\n")
            config.append(f"zone:\n  name: {name}\n  zonefile: {name}\n")
        (self.folder / "nsd.conf").write_text("".join(config))
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                ["/usr/sbin/nsd", "-d", "-c", str(self.folder / "nsd.conf")],
                stdout=log, stderr=log)
        wait_for("NSD", self.answers)

    def answers(self):
        query = b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\0\0\6\0\1"
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.5)
            with contextlib.suppress(OSError):
                sock.connect(("127.0.0.1", self.port))
                sock.send(query)
                return sock.recv(512)[:2] == b"\x12\x34"
        return False

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(10)
            self.process = None


class Stack:
    """`waxseal run` in a temporary directory. The environment's WAXSEAL_RUN is
    another command that does the same on the state directory {dir}, such as one
    that starts a container image; it gets the settings as its environment."""

    def __init__(self, folder, settings):
        self.folder = pathlib.Path(folder)
        self.dir = self.folder / "state"
        self.api, self.edge, self.edge_tls = (free_port() for _ in range(3))
        self.programs = self.folder / "programs"
        shutil.copytree(BUILD / "bin", self.programs / "bin")
        shutil.copy(BUILD / "ngx_http_waxseal_module.so", self.programs)
        # all domains of a test are at one nameserver, and checked all the time
        unspared = {"WAXSEAL_DNS_NS_RATE": "2000",
                    "WAXSEAL_DNS_NS_BURST": "2000"}
        self.settings = dict(unspared, **settings,
                             WAXSEAL_API_LISTEN=f"127.0.0.1:{self.api}",
                             WAXSEAL_EDGE_LISTEN=f"127.0.0.1:{self.edge}",
                             WAXSEAL_EDGE_TLS_LISTEN=f"127.0.0.1:{self.edge_tls}")
        self.process = None
        self.key = None

    def environment(self):
        environment = dict(os.environ, **self.settings)
        if "asan" in BUILD.parts:
            names = ("libasan.so", "libubsan.so")
            environment["LD_PRELOAD"] = ":".join(
                subprocess.check_output(["gcc", f"-print-file-name={name}"],
                                        text=True).strip() for name in names)
            # where the ordinary user may write its reports
            reports = self.folder / "sanitizer"
            reports.mkdir(exist_ok=True)
            reports.chmod(0o777)
            log = reports / "report"
            environment["ASAN_OPTIONS"] = f"detect_leaks=0:log_path={log}"
            environment["UBSAN_OPTIONS"] = f"log_path={log}"
        return environment

    def command(self):
        other = os.environ.get("WAXSEAL_RUN")
        if other:
            self.dir.mkdir(exist_ok=True)
            return shlex.split(other.format(dir=self.dir))
        return [str(self.programs / "bin/waxseal"), "run", "--dir",
                str(self.dir)]

    def start(self):
        self.stop()  # what a failed step may have left
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                self.command(), env=self.environment(), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True)
        wait_for("the API to answer", self.healthy, 40)
        self.key = (self.dir / "api.key").read_text().strip()

    def healthy(self):
        assert self.process.poll() is None, self.log()
        with contextlib.suppress(OSError):
            if request(self.api, "GET", "/healthz").status == 200:
                return request(self.edge, "GET", "/").status == 404
        return False

    def log(self):
        return (self.folder / "log").read_text(errors="replace")[-6000:]

    def stop(self):
        """TERM; returns the exit code, 0 if it is as it should be."""
        if not self.process or self.process.poll() is not None:
            return None
        group = self.family()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        wait_for("every process to end",
                 lambda: not [pid for pid in group if alive(pid)], 5)
        if "WAXSEAL_RUN" in os.environ and code == 128 + signal.SIGTERM:
            return 0  # a shell reports the signal that it passed on
        return code

    def family(self, root=None):
        """All pids under the process started, or under root, it included."""
        found, front = [], [root or self.process.pid]
        while front:
            found += front
            front = [pid for parent in front for pid, _ in children(parent)]
        return found

    def supervisor(self):
        return next((pid for pid in self.family() if name_of(pid) == "waxseal"),
                    self.process.pid)

    def child(self, name):
        """The pid of the supervisor's child of that name."""
        return next((pid for pid, comm in children(self.supervisor())
                     if comm == name[:15]), None)

    def nginx_workers(self):
        master = self.child("nginx")
        return [pid for pid, _ in children(master)] if master else []

    def call(self, method, path, body=None, key=None, **headers):
        """A call of the API with JSON in and out."""
        headers = {name.replace("_", "-"): value
                   for name, value in headers.items()}
        headers.setdefault("Authorization", f"Bearer {key or self.key}")
        data = body
        if isinstance(body, (dict, list)):
            data = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        answer = self.fetch(method, path, data, headers)
        assert answer.headers["Content-Type"].startswith("application/json"), \
            (method, path, answer.status, answer.headers["Content-Type"])
        return answer

    def fetch(self, method, path, data=None, headers=None):
        """A request to the API as it stands; the answer is judged against the
        documentation."""
        import contract  # needs packages that not every user of this file has
        answer = request(self.api, method, path, data, headers)
        contract.check(method, path, answer)
        if not path.startswith(("/healthz", "/metrics")):
            contract.check_headers(answer, (method, path, answer.status))
        return answer

    def admin(self, method, path, body=None, **headers):
        """The same with the admin key."""
        return self.call(method, path, body,
                         (self.dir / "admin.key").read_text().strip(), **headers)

    def click(self, href, method="GET", headers=None):
        """Follows a tracking link through the edge, as a browser does."""
        scheme, rest = href.split("://", 1)
        host, path = rest.split("/", 1)
        assert scheme == "http"
        return request(self.edge, method, "/" + path, None,
                       {"Host": host, "User-Agent": BROWSER, **(headers or {})})


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text() \
            .rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def zone_records(domain):
    """The records of an API domain object as zone file lines."""
    lines = []
    for record in domain["records"]:
        value = record["value"]
        if record["type"] == "TXT":
            value = " ".join(f'"{value[i:i + 255]}"'
                             for i in range(0, len(value), 255))
        elif record["type"] == "MX":
            value = f"{record['priority']} {value}."
        elif record["type"] == "CNAME":
            value += "."
        lines.append(f"{record['fqdn']}. {record['type']} {value}")
    return "\n".join(lines)


def temporary_folder():
    """A folder that the stack's ordinary user can pass through."""
    folder = tempfile.mkdtemp(prefix="waxseal-test-")
    os.chmod(folder, 0o755)
    return folder


def run_tests(tests, context):
    """Runs the functions in order with context; prints and exits."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    passed = failed = 0
    for test in tests:
        start = time.monotonic()
        try:
            test(context)
            passed += 1
            result = "ok"
        except Exception:  # a failed step must not hide the others
            traceback.print_exc(file=sys.stdout)
            failed += 1
            result = "FAIL"
        print(f"{result} {test.__name__} ({time.monotonic() - start:.1f} s)",
              flush=True)
    return passed, failed
