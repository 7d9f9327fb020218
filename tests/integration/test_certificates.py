"""Certificates of tracking hosts on real parts: NSD and unbound, Pebble as the
certification authority, uacme, and nginx on ports 80 and 443 of a network of
its own. Here: how a host comes to its certificate, and how a CDN is looked at;
test_certificate_orders.py has what goes wrong with orders."""
import contextlib
import json
import os
import re
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
from acme import ACME, Pebble, in_own_network, openssl
from stack import (Nsd, Stack, run_tests, temporary_folder, wait_for,
                   zone_records)
from test_verify import Resolver

OWN = ("links.us-east-1 A 127.0.0.1\nbounce.us-east-1 A 127.0.0.1\n"
       '_spf.us-east-1 TXT "v=spf1 ip4:192.0.2.1 -all"\n'
       # a region whose edge is down
       "links.eu-west-1 A 127.0.0.9\nbounce.eu-west-1 A 127.0.0.9\n"
       '_spf.eu-west-1 TXT "v=spf1 ip4:192.0.2.1 -all"\n')
HTML = '<p><a href="https://example.org/page">page</a></p>'


class Context:
    def __init__(self):
        self.folder = temporary_folder()
        self.nsd = Nsd(self.folder + "/nsd")
        self.nsd.port = 53
        self.zones = {"waxseal.example": OWN, "example": ""}
        self.nsd.start(self.zones)
        self.resolver = Resolver(self.folder + "/unbound", {
            "example": ["127.0.0.1"]})
        self.pebble = Pebble(self.folder + "/pebble", self.nsd.port)
        os.chmod(self.pebble.folder, 0o755)
        self.stack = Stack(self.folder, {
            "WAXSEAL_DNS_RESOLVER": f"127.0.0.1:{self.resolver.port}",
            "WAXSEAL_DNS_ALLOW_NS": "127.0.0.0/8",
            "WAXSEAL_VERIFY_MIN_INTERVAL": "300ms",
            "WAXSEAL_VERIFY_MAX_INTERVAL": "500ms",
            "WAXSEAL_VERIFY_WATCH_INTERVAL": "500ms",
            "WAXSEAL_DKIM_POOL": "8",
            "WAXSEAL_EDGE_PROBE_NETWORKS": "127.0.0.0/8",
            "WAXSEAL_EDGE_TRUSTED_PROXIES": "127.0.0.8",
            "WAXSEAL_EDGE_PROBE_CA_FILE": self.folder + "/trusted.pem",
            "WAXSEAL_ACME_DIRECTORY": f"https://127.0.0.1:{ACME}/dir",
            "WAXSEAL_ACME_CA": "ca.example",
            "WAXSEAL_ACME_CA_FILE": str(self.pebble.folder / "ca.pem"),
            "WAXSEAL_ACME_EMAIL": "ops@waxseal.example",
            "WAXSEAL_ACME_ACCEPT_TERMS": "yes",
        })
        self.stack.settings.update(WAXSEAL_EDGE_LISTEN="127.0.0.1:80",
                                   WAXSEAL_EDGE_TLS_LISTEN="127.0.0.1:443")
        self.stack.edge, self.stack.edge_tls = 80, 443
        self.id = {}
        shutil.copy(self.pebble.folder / "ca.pem",
                    self.folder + "/trusted.pem")

    def serve(self, **zones):
        self.zones.update((name.replace("_", "."), text)
                          for name, text in zones.items())
        self.nsd.start(self.zones)

    def authority(self, lifetime=None, **environment):
        """Starts the authority anew; its earlier certificates are no longer
        trusted."""
        self.pebble.start(lifetime, **environment)
        root = self.pebble.root()
        with open(self.folder + "/trusted.pem", "wb") as trusted:
            trusted.write(root.read_bytes() +
                          (self.pebble.folder / "ca.pem").read_bytes())
        return root

    def try_add(self, name, records=None, **body):
        """None if no DKIM key is ready."""
        answer = self.stack.call("POST", "/domains", dict(
            body, name=name, tracking_subdomain="links", click_tracking=True))
        if answer.status == 503:
            return None
        assert answer.status == 201, answer.body
        domain = answer.json()
        self.id[name] = domain["id"]
        self.zones[name] = (records or zone_records)(domain)
        return domain

    def add(self, name, records=None, **body):
        return wait_for("a DKIM key",
                        lambda: self.try_add(name, records, **body))

    def verify(self, *names):
        self.nsd.start(self.zones)
        for name in names:
            assert self.call("POST", name, "/verify").status == 200

    def call(self, method, name, suffix="", body=None):
        return self.stack.call(method, f"/domains/{self.id[name]}{suffix}",
                               body)

    def get(self, name):
        return self.call("GET", name).json()

    def certificate(self, name):
        return self.get(name)["certificate"]

    def becomes(self, name, state, seconds=15):
        def reached():
            found = self.certificate(name)
            return found if found["state"] == state else None
        try:
            return wait_for(f"the certificate of {name} to be {state}", reached,
                            seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.certificate(name)}") from None

    def renew(self, name):
        answer = self.call("POST", name, "/certificate/renew")
        assert answer.status == 200, answer.body

    def message(self, name):
        answer = self.stack.call("POST", "/messages",
                                 {"domain": name, "html": HTML})
        assert answer.status == 201, answer.body
        return answer.json()

    def causes(self, name):
        return [entry["cause"] for entry in
                self.call("GET", name, "/history").json()["data"]]

    def handshake(self, host, root=None):
        """The certificate that nginx shows for the host, as the client sees it
        that trusts root."""
        trust = ssl.create_default_context(cafile=root)
        if root is None:
            trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", 443), 5) as sock:
            with trust.wrap_socket(sock, server_hostname=host) as tls:
                return tls.getpeercert(True)

    def served(self, host):
        """The generation of the host's certificate, None if there is none."""
        with contextlib.closing(sqlite3.connect(
                self.stack.dir / "control.db")) as db:
            row = db.execute("SELECT generation FROM certificate_hosts "
                             "WHERE host = ?", (host,)).fetchone()
            return row and row[0]

    def waxseal(self, *words):
        result = subprocess.run(
            [str(self.stack.programs / "bin/waxseal"), *words, "--dir",
             str(self.stack.dir)], text=True, env=self.stack.environment(),
            stdin=subprocess.DEVNULL, timeout=60, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        assert not result.stderr, result.stderr
        return result.stdout

    def close(self):
        self.stack.stop()
        self.pebble.stop()
        self.resolver.stop()
        self.nsd.stop()


def caa_records_are_asked_first(c):
    """Nobody is at the authority's port yet."""
    c.stack.start()
    c.add("caa.example", lambda d: zone_records(d) +
          '\n@ CAA 0 issue "other.example"')
    c.verify("caa.example")
    found = c.becomes("caa.example", "caa_forbids")
    assert '0 issue "ca.example"' in found["message"], found
    record = next(r for r in c.get("caa.example")["records"]
                  if r["record"] == "TrackingCAA")
    assert record["value"] == '0 issue "ca.example"', record
    assert "certificate_failing" in c.causes("caa.example")


def an_unreachable_host_costs_no_order(c):
    c.add("aside.example", region="eu-west-1")
    c.verify("aside.example")
    found = c.becomes("aside.example", "failing")
    assert found["code"] == "not_reachable", found
    assert "Port 80 of links.aside.example" in found["message"], found
    assert found["next_attempt_at"] and found["attempts"] == 1, found


class Cdn:
    """An nginx of the customer's in front of the tracking target, at an address
    of its own."""

    def __init__(self, context, host):
        self.folder = context.folder + "/cdn"
        os.mkdir(self.folder)
        ca = context.pebble.folder
        openssl(self.folder, "req", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key", "-out",
                "csr", "-subj", "/CN=cdn")
        with open(self.folder + "/ext", "w") as file:
            file.write(f"subjectAltName=DNS:{host}\n")
        openssl(self.folder, "x509", "-req", "-in", "csr", "-CA", ca / "ca.pem",
                "-CAkey", ca / "ca.key", "-CAcreateserial", "-days", "30",
                "-out", "pem", "-extfile", "ext")
        self.process = None

    def start(self, *directives, right=(
            "proxy_set_header Host $host",
            "proxy_set_header X-Forwarded-Proto $scheme"), listen=True):
        self.stop()
        lines = "".join(f"{line}; " for line in (*right, *directives))
        tls = "listen 127.0.0.8:443 ssl;" if listen else ""
        with open(self.folder + "/conf", "w") as file:
            file.write(f"""daemon off; pid {self.folder}/pid;
error_log {self.folder}/log; events {{ }}
http {{ access_log off; client_body_temp_path {self.folder}/b;
  proxy_temp_path {self.folder}/p; fastcgi_temp_path {self.folder}/f;
  uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s;
  server {{ listen 127.0.0.8:80; {tls} ssl_certificate {self.folder}/pem;
    ssl_certificate_key {self.folder}/key;
    location / {{ proxy_bind 127.0.0.8; proxy_pass http://127.0.0.1:80;
      {lines} }} }} }}""")
        self.process = subprocess.Popen(
            ["/usr/sbin/nginx", "-c", self.folder + "/conf"])
        wait_for("the CDN", self.answers)

    def answers(self):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.8", 80), 1).close()
            return True
        return False

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(10)
            self.process = None


def look(c, name):
    """The codes that a look at the domain's tracking host brings."""
    def done():
        found = c.call("GET", name, "/tracking/check").json()
        return found if found["state"] == "done" else None
    assert c.call("POST", name, "/tracking/check").status == 202
    found = wait_for("the look", done)
    assert all(f["message"] and f["fix"] for f in found["findings"]), found
    return [f["code"] for f in found["findings"]]


def finds(c, name, *codes):
    """A look that was under way before may have seen what was before."""
    seen = []
    try:
        wait_for("it", lambda: seen.append(look(c, name)) or
                 seen[-1] == list(codes))
    except AssertionError:
        raise AssertionError(f"{codes} expected, found {seen[-3:]}") from None


def a_cdn_is_looked_at(c):
    host = "links.cdn.example"
    cdn = Cdn(c, host)
    try:
        cdn.start(listen=False)
        c.add("cdn.example", lambda d: re.sub(
            r"(links\.cdn\.example\.) CNAME .*", r"\1 A 127.0.0.8",
            zone_records(d)))
        c.verify("cdn.example")
        wait_for("its key to be verified",
                 lambda: c.get("cdn.example")["state"] == "verified")
        finds(c, "cdn.example", "http_only")
        cdn.start(right=())
        finds(c, "cdn.example", "host_not_forwarded")
        cdn.start("proxy_hide_header Cache-Control", "add_header X-Cache HIT")
        finds(c, "cdn.example", "cached")
        cdn.start(right=("proxy_set_header Host $host",))
        finds(c, "cdn.example", "protocol_not_forwarded")
        cdn.start("return 301 https://$host$request_uri")
        finds(c, "cdn.example", "redirect_loop")
        cdn.start()
        finds(c, "cdn.example")

        # that is the record's proof
        def record():
            return next(r for r in c.get("cdn.example")["records"]
                        if r["record"] == "Tracking")
        wait_for("the record to be verified",
                 lambda: record()["status"] == "verified")
        assert record()["status_detail"]["code"] == "cname_cdn", record()
        found = c.certificate("cdn.example")
        assert (found["state"], found["code"]) == ("not_managed", "cdn"), found
        assert c.message("cdn.example")["links"][0]["href"].startswith(
            f"https://{host}/c/")
        shown = c.waxseal("domain", "check", "cdn.example")
        assert f"https://{host}: answers as it should" in shown, shown
    finally:
        cdn.stop()


def a_verified_host_gets_a_certificate(c):
    c.root = c.authority()
    waits = c.add("first.example")
    assert waits["certificate"]["state"] == "waiting_for_dns"
    c.verify("first.example")
    found = c.becomes("first.example", "issued")
    assert found["expires_at"] and found["renews_at"] < found["expires_at"]
    assert found["failing_since"] is None and found["issuer"], found
    assert c.causes("first.example")[0] == "certificate_issued"
    answer = c.message("first.example")
    assert answer["links"][0]["href"].startswith(
        "https://links.first.example/c/"), answer


def nginx_shows_the_certificate(c):
    wait_for("nginx to show it", lambda: shows(c, "links.first.example"))
    with contextlib.suppress(ssl.SSLError):
        c.handshake("links.caa.example", c.root)
        raise AssertionError("a host without a certificate shows one")
    href = c.message("first.example")["links"][0]["href"]
    curl = subprocess.run(
        ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}",
         "--cacert", str(c.root), "--connect-to", "::127.0.0.1:443", href],
        text=True, stdout=subprocess.PIPE, check=True)
    assert curl.stdout == "302 https://example.org/page", curl.stdout


def shows(c, host):
    try:
        return c.handshake(host, c.root)
    except (ssl.SSLError, OSError) as error:
        c.last_error = error
        return None


def a_browser_trusts_it(c):
    """Chromium, with nothing but the authority's root added to its trust."""
    home = c.folder + "/home"
    os.makedirs(home + "/.pki/nssdb")
    database = f"sql:{home}/.pki/nssdb"
    subprocess.run(["certutil", "-N", "-d", database, "--empty-password"],
                   check=True)
    subprocess.run(["certutil", "-A", "-d", database, "-t", "C,,", "-n", "test",
                    "-i", str(c.root)], check=True)
    started = {name: browse(home, f"https://links.{name}.example/c/none")
               for name in ("first", "caa")}
    pages = {name: process.communicate(timeout=30)[0]
             for name, process in started.items()}
    assert "no such link" in pages["first"], pages["first"][:500]
    assert "no such link" not in pages["caa"], pages["caa"][:500]


def browse(home, url):
    return subprocess.Popen(
        ["chromium-headless-shell", "--no-sandbox", "--disable-gpu",
         "--disable-dev-shm-usage", "--dump-dom", "--timeout=5000",
         "--host-resolver-rules=MAP *.example 127.0.0.1", url], text=True,
        env=dict(os.environ, HOME=home), stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL)


def the_command_line_tells(c):
    assert re.search(r"^links\.first\.example +issued ", c.waxseal(
        "certificate", "list"), re.M)
    shown = c.waxseal("domain", "show", "first.example")
    assert "Certificate of links.first.example: issued" in shown, shown
    assert "domain check" not in c.waxseal("certificate", "renew",
                                           "caa.example")
    page = c.stack.call("GET", "/certificates?limit=1").json()
    assert page["has_more"] is True and len(page["data"]) == 1, page
    text = c.stack.fetch("GET", "/certificates/metrics", None, {
        "Authorization": "Bearer " +
        (c.stack.dir / "admin.key").read_text().strip()})
    assert text.status == 200 and \
        b"waxseal_certificates_served 1\n" in text.body, text.body


def run(tests):
    in_own_network()
    c = Context()
    try:
        passed, failed = run_tests(tests, c)
        if failed:
            print(c.stack.log())
    finally:
        c.close()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(run([caa_records_are_asked_first,
                  an_unreachable_host_costs_no_order,
                  a_verified_host_gets_a_certificate,
                  nginx_shows_the_certificate,
                  a_browser_trusts_it,
                  the_command_line_tells,
                  a_cdn_is_looked_at]))
