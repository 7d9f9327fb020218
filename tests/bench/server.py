"""The nginx of the benchmarks: our module, nginx's own answers and a tracker
in Lua, each behind a port of its own in one process, with the same settings."""
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "integration"))
from edge import (BUILD, USER, Domain, Edge, free_port, mint,  # noqa: E402,F401
                  read_response, request)

URL = "https://www.example.com/products/blue-widget-4711?color=navy"
HOSTS, SENDERS = 100000, 100
LINKS = int(os.environ.get("BENCH_LINKS", "1000000"))
PORTS = ("tracking", "redirect", "gif", "lua", "tracking_h2", "redirect_h2",
         "tracking_tls", "redirect_tls", "status")

CONFIGURATION = """
{lua_modules}
load_module {folder}/module.so;
daemon off;
{processes}
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    access_log off;
    keepalive_requests 1000000000;
    ssl_certificate {folder}/certificate.pem;
    ssl_certificate_key {folder}/key.pem;
    waxseal_table {table};
    waxseal_journal {folder}/journal;
    {lua_http}
    server {{
        listen 127.0.0.1:{tracking};
        listen 127.0.0.1:{tracking_h2} http2;
        listen 127.0.0.1:{tracking_tls} ssl;
        location / {{ waxseal_tracking; }}
    }}
    server {{
        listen 127.0.0.1:{redirect};
        listen 127.0.0.1:{redirect_h2} http2;
        listen 127.0.0.1:{redirect_tls} ssl;
        location / {{ return 302 {url}; }}
    }}
    server {{
        listen 127.0.0.1:{gif};
        location / {{ empty_gif; }}
    }}
    server {{
        listen 127.0.0.1:{status};
        location / {{ waxseal_status; }}
    }}
    server {{
        listen 127.0.0.1:{lua};
        location / {{ {lua_location} }}
    }}
}}
"""

LUA_MODULES = """
load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;"""
LUA_HTTP = """
    lua_shared_dict links 64m;
    lua_package_path "{here}/?.lua;;";
    init_by_lua_block {{ require("tracker").load("{folder}/lua-links") }}"""
LUA_LOCATION = """content_by_lua_block {{
            require("tracker").click("{folder}/journal/lua-events")
        }}"""


class Server(Edge):
    """One worker, or with single one process without a master."""

    def __init__(self, table, lua_links=None, single=False):
        super().__init__()
        self.single = single
        self.ports = {name: free_port() for name in PORTS}
        self.port = self.ports["tracking"]
        self.make_certificate()
        names = dict(folder=self.folder, here=self.folder)
        if lua_links:
            shutil.copy(HERE / "tracker.lua", self.folder)
            (self.folder / "lua-links").write_text(lua_links)
        self.configure(CONFIGURATION.format(
            folder=self.folder, table=table, url=URL, **self.ports,
            processes="master_process off;" if single else
            "worker_processes 1;",
            lua_modules=LUA_MODULES if lua_links else "",
            lua_http=LUA_HTTP.format(**names) if lua_links else "",
            lua_location=LUA_LOCATION.format(**names) if lua_links else ""))

    def make_certificate(self):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=links.example",
             "-keyout", self.folder / "key.pem",
             "-out", self.folder / "certificate.pem"],
            check=True, capture_output=True)

    def workers(self):
        return [self.process.pid] if self.single else super().workers()


def make_table(folder):
    """The table that all servers map; prints how long it took."""
    table = folder / "table"
    subprocess.run([BUILD / "bench/tool_links", table, str(HOSTS),
                    str(LINKS)], check=True)
    if USER:
        shutil.chown(table, USER["user"], USER["group"])
        shutil.chown(folder, USER["user"], USER["group"])
    return table
