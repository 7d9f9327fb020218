#!/usr/bin/python3
"""Full TLS 1.3 handshakes with certificates of many hosts, beside one static
certificate of the same kind in the same worker: CPU time of the worker a
handshake with one request, as a ratio inside each of alternating rounds.
BENCH_HOSTS, BENCH_HOT and BENCH_ROUNDS change its size;
BENCH_CERTIFICATES is a folder that keeps the certificates between runs, and
with "make" they are all that is made."""
import os
import pathlib
import random
import re
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "integration"))
from edge import BUILD, Domain, free_port, owned_by_nginx  # noqa: E402
from load import cpu_ns  # noqa: E402
from tls_edge import TlsEdge  # noqa: E402

HOSTS = int(os.environ.get("BENCH_HOSTS", "100000"))
HOT = int(os.environ.get("BENCH_HOT", "2000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "40"))
SECONDS = 0.5  # of a round
COLD = 2000

STATIC = """
    server {
        listen 127.0.0.1:%d ssl;
        ssl_certificate @DIR@/static.pem;
        ssl_certificate_key @DIR@/static.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        location / { return 204; }
    }
"""


def host(n):
    return f"h{n}.example"


class Bench(TlsEdge):
    def __init__(self):
        self.static_port = free_port()
        super().__init__({}, cache=4096,
                         servers=STATIC % self.static_port)
        self.make_static()
        text = (self.folder / "nginx.conf").read_text()
        kept = os.environ.get("BENCH_CERTIFICATES")
        if kept:
            text = text.replace(str(self.certs), kept)
            self.certs = pathlib.Path(kept)
            self.certs.mkdir(exist_ok=True)
            owned_by_nginx(self.certs)
        self.configure(re.sub(r"access_log .*;", "access_log off;", text)
                       .replace("error.log info;", "error.log warn;")
                       .replace("waxseal_tracking;", "return 204;"))
        missing = [n for n in range(1, HOSTS)
                   if not self.path(host(n), 1).exists()]
        print(f"making {len(missing):,} certificates", flush=True)
        self.run_tool("tool_certificates", self.certs, self.roots, "unsynced",
                      lines=[f"{host(n)} 1 {host(n)} 90" for n in missing])
        self.make_table([f"host {host(n)} {Domain(n, certificate=1).words()}"
                         for n in range(1, HOSTS)], hosts=HOSTS)

    def make_static(self):
        """A leaf and its issuer, as the hosts have."""
        self.certify("static.example", 1)
        data = self.path("static.example", 1).read_bytes()
        length = int.from_bytes(data[8:12], "little")
        parts, rest = [data[16:16 + length]], data[16 + length:-4]
        while rest:
            size = int.from_bytes(rest[:4], "little")
            parts.append(rest[4:4 + size])
            rest = rest[4 + size:]

        def pem(kind, der):
            return subprocess.run(["openssl", kind, "-inform", "DER"],
                                  check=True, capture_output=True,
                                  input=der).stdout
        (self.folder / "static.key").write_bytes(pem("ec", parts[0]))
        (self.folder / "static.pem").write_bytes(
            b"".join(pem("x509", part) for part in parts[1:]))

    def listed(self, name, numbers):
        path = self.folder / name
        path.write_text("".join(f"{host(n)}\n" for n in numbers))
        return path

    def load(self, port, listed, *arguments):
        """ns of the worker's CPU a handshake"""
        worker, = self.workers()
        before = cpu_ns(worker)
        said = subprocess.run([BUILD / "bench/tool_tls", str(port),
                               str(SECONDS), listed, *arguments], check=True,
                              text=True, capture_output=True).stdout
        return (cpu_ns(worker) - before) / int(re.match(r"\d+", said).group())

    def resident(self):
        """kB of its own; pages of the table are everybody's"""
        worker, = self.workers()
        text = pathlib.Path(f"/proc/{worker}/status").read_text()
        return int(re.search(r"RssAnon:\s+(\d+)", text).group(1))


def measure(bench):
    numbers = random.Random(1).sample(range(1, HOSTS), HOT + COLD)
    hot = bench.listed("hot", numbers[:HOT])
    bench.load(bench.static_port, hot)
    before = bench.resident()
    bench.load(bench.tls_port, hot, "once")
    size = (bench.resident() - before) / HOT
    static, chosen, ratios = [], [], []
    for number in range(ROUNDS):
        one, other = (bench.static_port, static), (bench.tls_port, chosen)
        for port, taken in (one, other) if number % 2 else (other, one):
            taken.append(bench.load(port, hot))
        ratios.append(chosen[-1] / static[-1])
    cold = bench.load(bench.tls_port, bench.listed("cold", numbers[HOT:]),
                      "once")
    return static, chosen, ratios, cold, size


def main():
    bench = Bench()
    if sys.argv[1:] == ["make"]:
        bench.stop()
        return
    with bench:
        static, chosen, ratios, cold, size = measure(bench)
        metrics = bench.metrics()
        assert metrics["waxseal_certificates_failed_total"] == 0
        assert metrics["waxseal_certificates_loaded_total"] == HOT + COLD
    quarter = statistics.quantiles(ratios, n=4)
    print(f"""full TLS 1.3 handshake and one request, us of the worker's CPU
one static certificate       {statistics.median(static) / 1000:8.0f}
{HOSTS:,} hosts, {HOT:,} hot     {statistics.median(chosen) / 1000:8.0f}
ratio, median of {ROUNDS} rounds   {statistics.median(ratios):8.3f}  \
(quartiles {quarter[0]:.3f}-{quarter[2]:.3f})
ratio of the least disturbed {min(chosen) / min(static):8.3f}
first handshake of a host    {cold / 1000:8.0f}  \
({(cold - statistics.median(chosen)) / 1000:.0f} more)
memory a cached certificate  {size:8.1f} kB""")


if __name__ == "__main__":
    main()
