"""An edge that takes certificates of hosts from the module, and TLS clients
that check them. Nothing but the standard library and openssl."""
import socket
import ssl
import subprocess

from edge import PATIENCE, Edge, free_port, owned_by_nginx, read_response

SERVER = """
    server {{
        listen 127.0.0.1:{port} ssl http2 {listen};
        listen 127.0.0.1:{plain};
        ssl_certificate @DIR@/fallback.pem;
        ssl_certificate_key @DIR@/fallback.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        waxseal_tls {mode};
        location / {{ waxseal_tracking; {location} }}
    }}
"""
SETTINGS = """
    waxseal_certificates @DIR@/certs cache={cache};
    waxseal_ticket_keys @DIR@/certs/tickets;
    waxseal_acme_thumbprint @DIR@/certs/thumbprint;
    waxseal_default_host links.region.example LINKS2.region.example;
"""


def make_fallback(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                    "-days", "2", "-subj", "/CN=fallback", "-keyout",
                    "fallback.key", "-out", "fallback.pem"], cwd=folder,
                   check=True, capture_output=True)


class TlsEdge(Edge):
    """Hosts are given as {name: Domain}, each with its generation."""

    def __init__(self, hosts, mode="fallback", cache=1024, workers=1,
                 location="", servers="", listen=""):
        self.tls_port, self.plain_port = free_port(), free_port()
        super().__init__(workers=workers, servers=SETTINGS.format(cache=cache)
                         + SERVER.format(port=self.tls_port, mode=mode,
                                         plain=self.plain_port,
                                         location=location, listen=listen) + servers)
        self.certs = self.folder / "certs"
        self.roots = self.folder / "roots.pem"
        self.certs.mkdir()
        self.roots.touch()
        make_fallback(self.folder)
        for path in self.folder.rglob("*"):
            owned_by_nginx(path)
        for name, domain in hosts.items():
            if domain.certificate:
                self.certify(name, domain.certificate)
        self.make_table([f"host {name} {domain.words()}"
                         for name, domain in hosts.items()])

    def path(self, host, generation):
        return self.certs / f"{host}.{generation}.bundle"

    def certify(self, host, generation, name=None, days=90):
        """A certificate of a new authority; it is trusted from now on."""
        self.run_tool("tool_certificates", self.certs, self.roots,
                      lines=[f"{host} {generation} {name or host} {days}"])

    def put(self, path, data):
        """In one step, as its owner would."""
        fresh = path.with_name(path.name + ".fresh")
        fresh.write_bytes(data)
        owned_by_nginx(fresh)
        fresh.rename(path)

    def context(self, version=None, verify=True):
        context = ssl.create_default_context(cafile=self.roots)
        if not verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if version:
            context.minimum_version = context.maximum_version = version
        return context

    def connect(self, host, context=None, session=None):
        raw = socket.create_connection(("127.0.0.1", self.tls_port),
                                       10 * PATIENCE)
        return (context or self.context()).wrap_socket(
            raw, server_hostname=host, session=session)

    def tls_get(self, host, path, context=None, session=None, headers=()):
        """(response, whether the session was resumed, the session now)"""
        with self.connect(host, context, session) as connection:
            fields = [f"GET {path} HTTP/1.1", f"Host: {host}", *headers,
                      "Connection: close", "", ""]
            connection.sendall("\r\n".join(fields).encode())
            with connection.makefile("rb") as stream:
                response = read_response(stream)
            return response, connection.session_reused, connection.session

    def serial(self, host, context=None):
        """Serial number of the certificate that is shown and verifies."""
        with self.connect(host, context) as connection:
            return connection.getpeercert()["serialNumber"]

    def openssl(self, host, *arguments):
        """What openssl s_client says: (subject or alert, verify result)."""
        name = ["-servername", host] if host else ["-noservername"]
        said = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{self.tls_port}",
             "-CAfile", self.roots, *name, *arguments], text=True, input="",
            capture_output=True, timeout=20 * PATIENCE)
        lines = (said.stdout + said.stderr).splitlines()
        subject = [line[len("subject="):] for line in lines
                   if line.startswith("subject=")]
        alert = [line.rsplit(" ", 1)[1] for line in lines
                 if "SSL alert number" in line]
        verify = [line for line in lines if "Verify return code: 0 " in line]
        return (subject + alert + [None])[0], bool(verify)
