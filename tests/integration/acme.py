"""What tests of certificates need: a network of their own, in which ports 80
and 443 are free, and Pebble, a certification authority for tests."""
import fcntl
import json
import os
import pathlib
import socket
import ssl
import struct
import subprocess
import sys
import urllib.request

from stack import wait_for

ACME, MANAGEMENT = 14000, 15000


def in_own_network():
    """Runs the program again in namespaces of its own: nobody else's ports, and
    no process survives it."""
    if os.environ.get("TEST_HAS_OWN_NETWORK"):
        raise_loopback()
        pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start") \
            .write_text("0")
        return
    unshare = ["unshare", "-n", "-m", "-p", "-f", "--mount-proc", "--kill-child"]
    allowed = subprocess.run([*unshare, "true"], capture_output=True, text=True)
    if allowed.returncode != 0:
        print("skipped: namespaces of its own, which only root may make: "
              + allowed.stderr.strip())
        sys.exit(0)
    os.environ["TEST_HAS_OWN_NETWORK"] = "1"
    os.execvp(unshare[0], [*unshare, sys.executable, *sys.argv])


def raise_loopback():
    up = 0x1 | 0x40  # IFF_UP, IFF_RUNNING
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8914, struct.pack("16sh", b"lo", up))


def openssl(folder, *words, **options):
    subprocess.run(["openssl", *words], cwd=folder, check=True,
                   stderr=subprocess.DEVNULL, **options)


class Pebble:
    """A certification authority that looks names up at a name server of the
    test. folder/ca.pem is what its own web server is trusted by."""

    def __init__(self, folder, dns_port):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.dns_port = dns_port
        self.process = None
        self.http_port = 80  # where it asks for challenges
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                 "-nodes"]
        openssl(self.folder, "req", "-x509", *curve, "-keyout", "ca.key",
                "-out", "ca.pem", "-days", "3650", "-subj", "/CN=test",
                "-addext", "keyUsage=critical,keyCertSign")
        openssl(self.folder, "req", *curve, "-keyout", "api.key", "-out",
                "api.csr", "-subj", "/CN=localhost")
        (self.folder / "api.ext").write_text(
            "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
        openssl(self.folder, "x509", "-req", "-in", "api.csr", "-CA", "ca.pem",
                "-CAkey", "ca.key", "-CAcreateserial", "-days", "3650", "-out",
                "api.pem", "-extfile", "api.ext")
        self.trust = ssl.create_default_context(cafile=self.folder / "ca.pem")

    def start(self, lifetime=None, **environment):
        """lifetime: of certificates, in seconds."""
        self.stop()
        settings = {"listenAddress": f"127.0.0.1:{ACME}",
                    "managementListenAddress": f"127.0.0.1:{MANAGEMENT}",
                    "certificate": str(self.folder / "api.pem"),
                    "privateKey": str(self.folder / "api.key"),
                    "httpPort": self.http_port, "tlsPort": 443}
        if lifetime:
            settings["certificateValidityPeriod"] = lifetime
        (self.folder / "pebble.json").write_text(
            json.dumps({"pebble": settings}))
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                ["pebble", "-config", str(self.folder / "pebble.json"),
                 "-dnsserver", f"127.0.0.1:{self.dns_port}"],
                env=dict(os.environ,
                         **(environment or {"PEBBLE_VA_NOSLEEP": "1"})),
                stdout=log, stderr=log)
        wait_for("pebble", self.answers)

    def answers(self):
        assert self.process.poll() is None, (self.folder / "log").read_text()
        try:
            return self.get(f"https://127.0.0.1:{ACME}/dir")
        except OSError:
            return None

    def get(self, url):
        with urllib.request.urlopen(url, timeout=5, context=self.trust) as got:
            return got.read()

    def root(self):
        """The root of the certificates that it issues since its start."""
        path = self.folder / "root.pem"
        path.write_bytes(self.get(f"https://127.0.0.1:{MANAGEMENT}/roots/0"))
        return path

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(10)
            self.process = None
