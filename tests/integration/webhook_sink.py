"""An endpoint for webhooks that answers as its path says and keeps what it was
sent: /ok/NAME 200, /fail/N/NAME 500 for the first N requests of each message,
/hang/NAME nothing, /redirect/NAME 302 to /ok/redirected, /long/NAME an endless
body."""
import collections
import http.server
import socketserver
import ssl
import threading
import time

from stack import free_port

Delivery = collections.namedtuple("Delivery", "path headers body at")


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request, client_address):
        pass  # a client that went away


class Sink:
    def __init__(self, certificate=None, address="127.0.0.1"):
        self.lock = threading.Lock()
        self.deliveries = []
        self.seen = collections.Counter()
        self.released = threading.Event()
        self.port = free_port()
        self.scheme = "https" if certificate else "http"
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sink.answer(self, body)

            def log_message(self, *args):
                pass

        self.server = Server((address, self.port), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True,
                do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path, host="127.0.0.1"):
        return f"{self.scheme}://{host}:{self.port}{path}"

    def answer(self, handler, body):
        headers = {k.lower(): v for k, v in handler.headers.items()}
        parts = handler.path.split("/")
        with self.lock:
            self.deliveries.append(
                Delivery(handler.path, headers, body.decode(), time.time()))
            key = (handler.path, headers.get("svix-id"))
            self.seen[key] += 1
            seen = self.seen[key]
        status, text = 200, b"thanks"
        if parts[1] == "hang":
            self.released.wait(30)
        elif parts[1] == "fail" and seen <= int(parts[2]):
            status, text = 500, b"no \xff way"
        elif parts[1] == "redirect":
            status, text = 302, b""
        handler.send_response(status)
        if status == 302:
            handler.send_header("Location", self.url("/ok/redirected"))
        if parts[1] == "long":
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            while True:
                handler.wfile.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)

    def of(self, path, type=None):
        """The deliveries to a path, of one type of event."""
        with self.lock:
            return [d for d in self.deliveries if d.path == path and
                    (type is None or f'"type":"{type}"' in d.body)]

    def stop(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
