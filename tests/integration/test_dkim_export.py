"""`waxseal export dkim` for real MTAs: OpenDKIM, rspamd and Exim sign with what
it writes, and the signatures verify against the records in a real NSD."""
import http.client
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(__file__))
import dkim
import dns.message
import dns.query
from stack import (free_port, run_tests, wait_for, zone_records)
from test_dkim_keys import Context

MESSAGE = """From: Acme <news@{domain}>
To: a@b.example
Subject: Hello
Date: Wed, 25 Nov 2026 04:00:00 +0000
Message-ID: <1@acme.example>

Hello there.
"""


class Export(Context):
    def __init__(self):
        super().__init__()
        self.reader = "nobody" if os.getuid() == 0 else None

    def export(self, format_):
        owner = ["--owner", self.reader] if self.reader else []
        result = self.waxseal("export", "dkim", "--format", format_, "--out",
                              self.out(format_), "--dir", str(self.stack.dir),
                              *owner)
        assert result.returncode == 0, result
        self.said = result.stderr
        assert not self.said or format_ == "opendkim", result
        return int(result.stdout.split()[0])

    def out(self, format_):
        return f"{self.folder}/{format_}"

    def as_reader(self, *command, **options):
        """Runs a command as the user whom the files belong to."""
        if self.reader:
            entry = pwd.getpwnam(self.reader)
            options.update(user=entry.pw_uid, group=entry.pw_gid,
                           extra_groups=[])
        return subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                              timeout=60, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, **options)

    def txt(self, name, timeout=5):
        query = dns.message.make_query(name.decode(), "TXT")
        answer = dns.query.udp(query, "127.0.0.1", timeout, self.nsd.port)
        return b"".join(b"".join(rdata.strings) for rrset in answer.answer
                        for rdata in rrset)

    def verify(self, signature, message):
        """d= and s= of a signature header that holds for the message."""
        whole = (signature.strip() + "\r\n").encode() + message.replace(
            "\n", "\r\n").encode()
        assert dkim.verify(whole, dnsfunc=self.txt), signature
        tags = re.sub(r"\s", "", signature.split(":", 1)[1])
        return dict(t.split("=", 1) for t in tags.rstrip(";").split(";"))


def keys_of_verified_domains_are_written(c):
    c.serve()
    c.stack.start()
    top = c.add("acme.example", dkim={"ed25519": True})
    low = c.add("mail.acme.example")
    c.add("waiting.example")
    c.serve(acme_example=zone_records(top) + "\n" + zone_records(low))
    for name in c.id:
        c.call("POST", name, "/verify")
    for name in ("acme.example", "mail.acme.example"):
        c.state_becomes(name, "verified")
    wait_for("the Ed25519 key", lambda: set(c.keys("acme.example").values())
             == {"active"})
    assert c.export("files") == 3
    folder = pathlib.Path(c.out("files"))
    files = sorted(str(p.relative_to(folder)) for p in folder.rglob("*.pem"))
    assert len(files) == 3 and not any("waiting" in f for f in files), files
    for path in [folder, *folder.rglob("*")]:
        mode = oct(path.stat().st_mode & 0o777)
        assert mode == ("0o700" if path.is_dir() else "0o600"), (path, mode)
        if c.reader:
            assert path.owner() == c.reader, path
    for path in folder.rglob("*.pem"):
        subprocess.run(["openssl", "pkey", "-in", path, "-noout"], check=True)


def it_explains_itself(c):
    for words, said in [
            (["--format", "sendmail", "--out", "x"], "--format is"),
            (["--format", "files"], "--out is missing"),
            (["--out", c.folder + "/x y", "--format", "files"],
             "character")]:
        result = c.waxseal("export", "dkim", "--dir", str(c.stack.dir), *words,
                           *(["--owner", c.reader] if c.reader else []))
        assert result.returncode != 0 and said in result.stderr, result
    assert not os.path.exists(c.folder + "/x y")


def opendkim_signs(c):
    assert c.export("opendkim") == 2
    assert "1 Ed25519 key is left out" in c.said, c.said
    folder = c.out("opendkim")
    conf = pathlib.Path(c.folder, "opendkim.conf")
    # keys below /tmp, which all may write to, are never safe ones
    conf.write_text(f"KeyTable refile:{folder}/KeyTable\n"
                    f"SigningTable refile:{folder}/SigningTable\n"
                    "Mode s\nSyslog no\nRequireSafeKeys no\n")
    mail = pathlib.Path(c.folder, "mail")
    for domain, signer in [("acme.example", "acme.example"),
                           ("sub.acme.example", "acme.example"),
                           ("mail.acme.example", "mail.acme.example"),
                           ("x.mail.acme.example", "mail.acme.example"),
                           ("other.example", None),
                           ("waiting.example", None)]:
        message = MESSAGE.format(domain=domain)
        mail.write_bytes(message.replace("\n", "\r\n").encode())
        output = c.as_reader("/usr/sbin/opendkim", "-x", str(conf), "-t",
                             str(mail), "-vvv").stdout
        found = re.search(r"hname='(DKIM-Signature)' hvalue='([^']*)'", output)
        assert bool(found) == bool(signer), (domain, output)
        if found:
            tags = c.verify(f"{found[1]}: {found[2]}", message)
            assert tags["d"] == signer, tags


class Sink(threading.Thread):
    """Takes one message over SMTP."""

    def __init__(self):
        super().__init__()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(20)
        self.port = self.listener.getsockname()[1]
        self.message = None
        self.start()

    def run(self):
        connection, _ = self.listener.accept()
        self.listener.close()
        connection.settimeout(20)
        with connection, connection.makefile("rwb") as stream:
            def say(line):
                stream.write(line + b"\r\n")
                stream.flush()
            say(b"220 sink")
            for line in stream:
                verb = line[:4].upper()
                if verb == b"DATA":
                    say(b"354 go on")
                    lines = iter(stream.readline, b".\r\n")
                    self.message = b"".join(lines)
                say(b"221 bye" if verb == b"QUIT" else b"250 ok")
                if verb == b"QUIT":
                    return


def exim_signs_with_both(c):
    exim = shutil.which("exim4", path="/usr/sbin")
    if not exim:
        print("exim4 is not installed: not tried")
        return
    # run by anyone but root with a configuration of its own, Exim keeps to the
    # rights of that user
    c.export("exim")
    spool = pathlib.Path(c.folder, "spool")
    spool.mkdir()
    user = pwd.getpwnam(c.reader) if c.reader else pwd.getpwuid(os.getuid())
    os.chown(spool, user.pw_uid, user.pw_gid)
    sink = Sink()
    conf = pathlib.Path(c.folder, "exim.conf")
    conf.write_text(f"""spool_directory = {spool}
log_file_path = {spool}/%slog
exim_user = {user.pw_uid}
exim_group = {user.pw_gid}
primary_hostname = mx.acme.example
begin routers
all:
  driver = manualroute
  route_list = * 127.0.0.1 byname
  self = send
  transport = remote_smtp
begin transports
remote_smtp:
  driver = smtp
  port = {sink.port}
  hosts_try_prdr =
  .include {c.out("exim")}/dkim.conf
""")
    message = MESSAGE.format(domain="sub.acme.example")
    output = subprocess.run(
        [exim, "-C", str(conf), "-odf", "-f", "news@sub.acme.example",
         "a@b.example"], input=message, text=True, timeout=30,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    sink.join(20)
    logs = "".join(p.read_text() for p in spool.glob("*log")
                   if p.is_file())
    assert sink.message, (output, logs)
    assert dkim.verify(sink.message, dnsfunc=c.txt), sink.message
    signers = re.findall(rb"a=([a-z0-9-]+);.*?d=([a-z.]+);", sink.message, re.S)
    assert sorted(signers) == [(b"ed25519-sha256", b"acme.example"),
                               (b"rsa-sha256", b"acme.example")], sink.message
    second = dkim.DKIM(sink.message)
    assert second.verify(idx=1, dnsfunc=c.txt), sink.message


def rspamd_signs(c):
    assert c.export("rspamd") == 3
    port = free_port()
    work = pathlib.Path(c.folder, "rspamd-work")
    work.mkdir()
    work.chmod(0o777)
    conf = pathlib.Path(c.folder, "rspamd.conf")
    conf.write_text(f"""
options {{
    pidfile = "{work}/pid"; filters = "dkim"; hs_cache_dir = "{work}";
    cache_file = "{work}/cache"; local_addrs = "127.0.0.0/8";
    url_tld = "{work}/tlds"; dns {{ nameserver = "127.0.0.1:{c.nsd.port}:10"; }}
}}
logging {{ type = "console"; level = "info"; }}
lua = "/usr/share/rspamd/rules/rspamd.lua";
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
dkim_signing {{
    .include "{c.out("rspamd")}/dkim_signing.conf"
    allow_hdrfrom_mismatch = true;
}}
modules {{ path = "/usr/share/rspamd/plugins/dkim_signing.lua"; }}
""")
    (work / "tlds").write_text("example\n")
    checked = c.as_reader("rspamadm", "configtest", "-c", str(conf))
    assert "syntax OK" in checked.stdout, checked.stdout
    user = pwd.getpwnam(c.reader) if c.reader else pwd.getpwuid(os.getuid())
    rights = {} if not c.reader else dict(user=user.pw_uid, group=user.pw_gid,
                                          extra_groups=[])
    with open(work / "log", "wb") as log:
        process = subprocess.Popen(
            ["rspamd", "-f", "-c", str(conf)]
            + (["-i"] if os.getuid() == 0 else []),
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, **rights)
    try:
        for domain, signer, algorithms in [
                ("mail.acme.example", "mail.acme.example", ["rsa-sha256"]),
                ("acme.example", "acme.example",
                 ["ed25519-sha256", "rsa-sha256"]),
                ("other.example", None, [])]:
            message = MESSAGE.format(domain=domain)
            # its maps are there a moment after it answers
            answer = wait_for("rspamd", lambda: scan(port, message, domain,
                                                     signer is not None))
            signatures = answer.get("dkim-signature", [])
            if isinstance(signatures, str):
                signatures = [signatures]
            found = [c.verify("DKIM-Signature: " + signature, message)
                     for signature in signatures]
            assert {tags["d"] for tags in found} == \
                ({signer} if signer else set()), (answer, found)
            assert sorted(tags["a"] for tags in found) == algorithms, found
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def scan(port, message, domain, signed):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", "/checkv2",
                           message.replace("\n", "\r\n").encode(),
                           {"From": f"news@{domain}", "IP": "127.0.0.1"})
        answer = json.loads(connection.getresponse().read())
        return answer if "dkim-signature" in answer or not signed else None
    except OSError:
        return None
    finally:
        connection.close()


def keys_come_and_go(c):
    """A rotated key takes over; its predecessor's file stays only where tables
    say which key signs."""
    name = "mail.acme.example"
    old = next(iter(c.keys(name)))
    new = c.call("POST", name, "/dkim/rotate").json()["dkim"]["keys"][-1][
        "selector"]
    assert c.export("opendkim") == 2
    table = pathlib.Path(c.out("opendkim"), "SigningTable")
    assert f"{old}._domainkey.{name}" in table.read_text()
    assert f"{new}._domainkey.{name}" not in table.read_text()
    c.serve(acme_example=zone_records(c.get("acme.example")) + "\n"
            + zone_records(c.get(name)))
    c.call("POST", name, "/verify")
    wait_for("the new key to sign", lambda: c.keys(name)[new] == "active")
    assert c.export("opendkim") == 2 and c.export("files") == 3
    assert f"{old}._domainkey.{name}" not in table.read_text()
    assert f"{new}._domainkey.{name}" in table.read_text()

    def names(format_):
        return {p.stem for p in pathlib.Path(
            c.out(format_), "keys", name).glob("*")}
    assert names("opendkim") == {old, new} and names("files") == {new}
    wait_for("the old key to be retired", lambda: old not in c.keys(name))
    c.export("opendkim")
    assert names("opendkim") == {new}
    # a domain whose record is gone does not sign
    c.serve(acme_example=zone_records(c.get("acme.example")))
    c.call("POST", name, "/verify")
    wait_for("the record to be missed", lambda: c.dkim(name)[new]["status"]
             != "verified")
    assert c.export("opendkim") == 1 and not names("opendkim")
    assert c.call("DELETE", "acme.example").status == 200
    assert c.export("opendkim") == 0 and table.read_text() == ""


def main():
    context = Export()
    try:
        passed, failed = run_tests([
            keys_of_verified_domains_are_written, it_explains_itself,
            opendkim_signs, exim_signs_with_both, rspamd_signs,
            keys_come_and_go], context)
        if failed:
            print(context.stack.log())
    finally:
        context.stack.stop()
        context.nsd.stop()
        shutil.rmtree(context.folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
