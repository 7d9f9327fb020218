#!/usr/bin/python3
"""Messages at send time on the real stack: every link of what comes back is
followed through nginx to where it led before; raw MIME, plain text, table
links, the kill switch of the API, unsubscribing, ceilings and `waxseal
rewrite`."""
import base64
import email
import email.policy
import html.parser
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import urllib.parse

from stack import Stack, TOP, run_tests, temporary_folder, wait_for

HOST = "links.acme.example"
PIXEL = re.compile(rb'<img src="(http://[^"]+/o/[^"]+)" width="1" height="1" '
                   rb'alt="" style="display:block;border:0;width:1px;height:1px">')


class Context:
    def __init__(self):
        self.folder = temporary_folder()
        self.stack = Stack(self.folder, {})

    def sql(self, text, *values, base="control.db"):
        with sqlite3.connect(self.stack.dir / base, timeout=10) as db:
            return db.execute(text, values).fetchall()

    def call(self, method, path, body=None, status=200, key=None):
        answer = self.stack.call(method, path, body, key)
        assert answer.status == status, (method, path, answer.status,
                                         answer.body[:500])
        return answer.json()

    def message(self, status=201, **fields):
        return self.call("POST", "/messages",
                         dict({"domain": "acme.example"}, **fields), status)

    def follow(self, href):
        answer = self.stack.click(href)
        assert answer.status == 302, (href, answer.status)
        return answer.headers["Location"]

    def events(self, message, kind=None):
        path = f"/events?limit=100&message_id={message['id']}"
        return self.call("GET", path + (f"&type={kind}" if kind else ""))["data"]

    def waxseal(self, *words, data=b""):
        return subprocess.run(
            [str(self.stack.programs / "bin/waxseal"), "rewrite", "--dir",
             str(self.stack.dir), "--domain", "acme.example", *words],
            input=data, timeout=60, env=self.stack.environment(),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def starts(c):
    c.stack.start()
    domain = c.call("POST", "/domains", {
        "name": "acme.example", "tracking_subdomain": "links",
        "open_tracking": True, "click_tracking": True}, 201)
    c.domain = domain["id"]
    # as verification leaves it
    c.sql("UPDATE domains SET state = 'verified', next_check_at = NULL")
    c.sql("UPDATE records SET status = 'verified'")
    c.sql("UPDATE tracking_hosts SET verified_at = 1")
    href = c.message(html='<a href="https://x.example">')["links"][0]["href"]
    wait_for("the tracking host", lambda: c.stack.click(href).status == 302)


# ---- templates ----

class Hrefs(html.parser.HTMLParser):
    """The hrefs of links as a browser reads them, with those in Outlook's
    conditional comments."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.found = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        if tag in ("a", "area") or tag.startswith("v:"):
            self.found += [value for name, value in attributes
                           if name == "href" and value][:1]

    handle_startendtag = handle_starttag

    def handle_comment(self, data):
        inside = re.match(r"\s*\[if[^>]*\]>(.*)", data, re.S | re.I)
        if inside:
            self.found += Hrefs(inside.group(1)).found


def destination(href):
    """Where a browser goes: spaces and what is not ASCII percent-encoded."""
    return urllib.parse.quote(href.strip(), safe="".join(map(chr, range(33, 127))))


def templates():
    return sorted((TOP / "tests/templates").glob("*.html"))


def follows_every_link_of_templates(c):
    assert len(templates()) >= 10
    followed = 0
    for path in templates():
        original = path.read_bytes().decode()
        message = c.message(html=original)
        before, after = Hrefs(original).found, Hrefs(message["html"]).found
        assert len(before) == len(after), path
        tracked = [pair for pair in zip(before, after) if pair[0] != pair[1]]
        assert [new for _, new in tracked] == \
            [link["href"] for link in message["links"]], path
        for old, new in tracked:
            assert c.follow(new) == destination(old), path
        for old in (old for old, new in zip(before, after) if old == new):
            assert not re.match(r"\s*https?://", old) or "{{" in old or \
                "/reset?" in old, (path, old)
        # take the links and the pixel back, and it is what it was
        restored = message["html"]
        for link in message["links"]:
            restored = restored.replace(link["href"], "\0", 1)
        restored, pixels = PIXEL.subn(b"", restored.encode())
        assert pixels == 1, path
        parts = restored.split(b"\0")
        pattern = b"(.*?)".join(re.escape(part) for part in parts)
        match = re.fullmatch(pattern, original.encode(), re.S)
        assert match, path
        assert [destination(Hrefs(f'<a href="{value.decode()}">').found[0])
                for value in match.groups()] == \
            [link["url"] for link in message["links"]], path
        followed += len(tracked)
    assert followed >= 90, followed


# ---- what is asked for ----

def carries_names_and_tags_into_events(c):
    message = c.message(
        html='<a href="https://x.example/1" data-waxseal-name="cta" '
             'ses:tags="place:top; ab : b">1</a><a href="https://x.example/2">')
    assert message["links"][0]["name"] == "cta"
    assert message["links"][0]["tags"] == {"place": "top", "ab": "b"}
    assert "name" not in message["links"][1]
    for link in message["links"]:
        c.follow(link["href"])
    events = wait_for("two clicks", lambda: len(
        e := c.events(message)) == 2 and e)
    named = {e["link_index"]: (e["link_name"], e["link_tags"]) for e in events}
    assert named == {0: ("cta", {"place": "top", "ab": "b"}), 1: (None, None)}


def tracks_plain_text_and_adds_parameters(c):
    message = c.message(
        text="See https://x.example/a?b=1#c. (or <http://y.example/>)\r\n"
             "https+notrack://z.example/",
        html='<body class="x"><a href="https://x.example/?utm_source=own">',
        tracking={"text": True, "pixel": "both",
                  "utm": {"source": "news letter", "medium": "email"}})
    urls = [link["url"] for link in message["links"]]
    assert urls == [
        "https://x.example/?utm_source=own&utm_medium=email",
        "https://x.example/a?b=1&utm_source=news%20letter&utm_medium=email#c",
        "http://y.example/?utm_source=news%20letter&utm_medium=email"], urls
    hrefs = [link["href"] for link in message["links"]]
    assert message["text"] == (
        f"See {hrefs[1]}. (or <{hrefs[2]}>)\r\nhttps://z.example/")
    assert [c.follow(href) for href in hrefs] == urls
    first, second = PIXEL.findall(message["html"].encode())
    assert first == second  # one image, one open
    assert message["html"].startswith('<body class="x"><img ')


def shares_table_links(c):
    before = c.sql("SELECT count(*) FROM links")[0][0]
    html = "".join(f'<a href="https://x.example/shared{i % 2}">'
                   for i in range(6))
    hrefs = set()
    for _ in range(2):
        message = c.message(html=html, tracking={"links": "table"})
        for link in message["links"]:
            assert c.follow(link["href"]) == link["url"]
            assert len(link["href"]) <= 75
        hrefs |= {link["href"] for link in message["links"]}
    assert len(hrefs) == 12  # each has its message and index
    assert c.sql("SELECT count(*) FROM links")[0][0] == before + 2


def makes_links_and_kills_them(c):
    url = "https://x.example/a%2Fb?x=1#top"
    link = c.call("POST", "/links", {"domain": c.domain, "url": url}, 201)
    assert link["url"] == url and link["type"] == "table"
    same = c.call("POST", "/links", {"domain": "acme.example", "url": url}, 201)
    assert same["id"] == link["id"]
    signed = c.call("POST", "/links", {"domain": c.domain, "url": url,
                                       "links": "signed"}, 201)
    assert signed["id"] is None and c.follow(signed["href"]) == url
    assert c.follow(link["href"]) == url
    path = f"/links/{link['id']}"
    assert c.call("GET", path)["killed"] is False
    for action, killed in (("kill", True), ("kill", True), ("unkill", False)):
        answer = c.call("POST", f"{path}/{action}")
        assert answer == {"object": "link", "id": link["id"], "killed": killed,
                          "in_effect": True}, answer
        assert c.call("GET", path)["killed"] is killed
        assert c.stack.click(link["href"]).status == (410 if killed else 302)
    # what was killed is not handed out again
    c.call("POST", f"{path}/kill")
    new = c.call("POST", "/links", {"domain": c.domain, "url": url}, 201)
    assert new["id"] != link["id"] and c.follow(new["href"]) == url
    expired = c.call("POST", "/links", {"domain": c.domain, "url": url,
                                        "expires_in": 1}, 201)
    wait_for("its end", lambda: c.stack.click(expired["href"]).status == 410)
    for fields, field in (({"url": "ftp://x"}, "url"), ({}, "url"),
                          ({"url": url, "expires_in": 0}, "expires_in"),
                          ({"url": url, "mode": "x"}, "mode")):
        error = c.call("POST", "/links", dict({"domain": c.domain}, **fields),
                       422)
        assert f"`{field}`" in error["message"], error
    for bad in ("0", "9" * 15, "x", "9" * 16):
        c.call("POST", f"/links/{bad}/kill", status=404)


def makes_many_links_at_once(c):
    domain = {"domain": c.domain}
    urls = [f"https://many.example/{i % 900}?{'x' * (i % 50)}"
            for i in range(1000)]
    wishes = [dict(domain, url=url, links="signed" if i % 10 == 0 else "table")
              for i, url in enumerate(urls)]
    wishes[10]["url"] = urls[10] = "https://long.example/" + "y" * 3000
    made = c.call("POST", "/links", wishes, 201)["data"]
    assert [link["url"] for link in made] == urls
    assert made[0]["type"] == "signed" and made[1]["type"] == "table"
    assert made[10]["type"] == "table"  # too long to be signed
    for i in (0, 1, 10, 499, 998, 999):
        assert c.follow(made[i]["href"]) == urls[i]
    # all or none
    before = c.sql("SELECT count(*) FROM links")
    for bad, word in (({"url": "ftp://x"}, "Link 1: The `url`"),
                      ({"url": urls[0], "domain": "x"}, "Link 1: The `domain`"),
                      (7, "Link 1: ")):
        wish = dict(domain, **bad) if isinstance(bad, dict) else bad
        error = c.call("POST", "/links", [
            dict(domain, url="https://new.example/"), wish], 422)
        assert error["message"].startswith(word), error
    assert c.sql("SELECT count(*) FROM links") == before
    c.call("POST", "/links", [], 422)
    c.call("POST", "/links", wishes + wishes[:1], 422)


def kills_messages_and_domains(c):
    message = c.message(html='<a href="https://x.example/1">')
    other = c.message(html='<a href="https://x.example/1">')
    hrefs = [m["links"][0]["href"] for m in (message, other)]
    for what, expected in ((f"/messages/{message['id']}", (410, 302)),
                           (f"/domains/{c.domain}", (410, 410))):
        c.call("POST", what + "/kill")
        assert tuple(c.stack.click(h).status for h in hrefs) == expected, what
        c.call("POST", what + "/unkill")
        assert [c.stack.click(h).status for h in hrefs] == [302, 302], what
    for bad in ("11111111-2222-4333-8444-555555555555", "x"):
        c.call("POST", f"/messages/{bad}/kill", status=404)
        c.call("POST", f"/domains/{bad}/kill", status=404)
    sending = c.call("POST", "/api-keys", {
        "name": "s", "permission": "sending_access"}, 201)["token"] \
        if c.stack.call("GET", "/api-keys").status == 200 else None
    if sending:
        c.call("POST", f"/messages/{message['id']}/kill", status=401,
               key=sending)


# ---- unsubscribing ----

def unsubscribes_with_a_post_only(c):
    message = c.message(html='<a href="waxseal:unsubscribe">no more</a>',
                        unsubscribe={"mailto": "stop@acme.example"},
                        tracking={"mode": "off"})
    url = message["unsubscribe_url"]
    assert url.startswith(f"http://{HOST}/u/")
    assert message["html"] == f'<a href="{url}">no more</a>'
    assert message["headers"] == {
        "List-Unsubscribe": f"<{url}>, <mailto:stop@acme.example>"}
    assert "one click" in message["warnings"][0]  # that takes https
    for method in ("GET", "HEAD"):
        answer = c.stack.click(url, method)
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/html")
        assert answer.headers["Cache-Control"] == "private, no-store"
    assert b'<form method="post">' in c.stack.click(url).body
    answer = c.stack.click(url, "PUT")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, POST")
    assert c.stack.click(url[:-1] + "!", "POST").status == 404
    assert c.stack.click(url, "POST", {"Sec-GPC": "1"}).status == 200
    event, = wait_for("the event", lambda: c.events(message, "unsubscribe"))
    assert event["type"] == "unsubscribe" and event["link"] is None
    assert event["ip"].startswith("pseudonym:")
    assert len(c.events(message)) == 1  # GET and HEAD did nothing


def gives_one_click_headers_with_https(c):
    message = c.message(text="x", unsubscribe={
        "url": "https://acme.example/stop?1"})
    assert message["headers"] == {
        "List-Unsubscribe": "<https://acme.example/stop?1>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    assert message["unsubscribe_url"] is None and not message["warnings"]
    own = '<a href="https://acme.example/stop?1">'
    message = c.message(html=own, unsubscribe={
        "url": "https://acme.example/stop?1"}, tracking={"opens": False})
    assert message["html"] == own and not message["links"]


# ---- ceilings and metadata ----

def obeys_ceilings(c):
    html = '<a href="https://x.example/">'
    path = f"/domains/{c.domain}/tracking"
    settings = c.call("GET", path)
    assert settings["mode"] == "full" and settings["links"] == "signed"
    assert c.message(html=html)["mode"] == "full"
    assert c.call("PATCH", path, {"mode": "pseudonymous"})["mode"] == \
        "pseudonymous"
    modes = {}
    for wanted in ("full", "pseudonymous", "anonymous", "off"):
        modes[wanted] = c.message(html=html, tracking={"mode": wanted})["mode"]
    assert modes == {"full": "pseudonymous", "pseudonymous": "pseudonymous",
                     "anonymous": "anonymous", "off": "off"}, modes
    c.call("GET", "/recipients/a@b.example", status=404)
    c.call("PUT", "/recipients/A@b.example", {"mode": "off"})
    assert c.call("GET", "/recipients/a@B.example")["mode"] == "off"
    message = c.message(html=html, to=["x@y.example", "Ann <a@B.example>"])
    assert message["mode"] == "off" and message["html"] == html
    assert c.message(html=html, to=["x@y.example"])["mode"] == "pseudonymous"
    names = [f"{i:02}@list.example" for i in range(25)]
    for name in names:
        c.call("PUT", f"/recipients/{name}", {"mode": "anonymous"})
    page = c.call("GET", "/recipients")
    assert page["has_more"] and [r["address"] for r in page["data"]] == \
        names[:20]
    page = c.call("GET", f"/recipients?limit=5&after={names[19]}")
    assert page["has_more"] and [r["address"] for r in page["data"]] == \
        names[20:]
    page = c.call("GET", f"/recipients?after={names[24]}")
    assert not page["has_more"] and page["data"] == [
        {"object": "recipient", "address": "a@b.example", "mode": "off"}]
    page = c.call("GET", f"/recipients?limit=2&before={names[3]}")
    assert page["has_more"] and [r["address"] for r in page["data"]] == \
        names[1:3]
    c.call("GET", "/recipients?limit=0", status=422)
    for name in names:
        c.call("DELETE", f"/recipients/{name}")
    c.call("DELETE", "/recipients/a@b.example")
    c.call("DELETE", "/recipients/a@b.example", status=404)
    c.call("PUT", "/recipients/nobody", {"mode": "off"}, 422)
    c.call("PATCH", path, {"mode": "full", "text": True, "links": "table",
                           "pixel": "both", "utm": {"source": "s"}})
    message = c.message(text="http://x.example")
    assert message["links"][0]["url"] == "http://x.example?utm_source=s"
    assert len(message["links"][0]["href"]) <= 75
    c.call("PATCH", path, {"text": False, "links": "signed", "pixel": "bottom",
                           "utm": None})
    assert c.call("GET", path) == settings
    c.call("PATCH", path, {"pixel": "middle"}, 422)


def keeps_metadata_only_where_wanted(c):
    def stored(message):
        return c.sql("SELECT sender, recipients, subject, tags FROM messages "
                     "WHERE hex(id) = ?", message["id"].replace("-", "").upper(),
                     base="events.db")[0]
    about = {"from": "a@acme.example", "to": ["b@c.example"], "subject": "Hi",
             "tags": {"k": "v"}, "text": "x"}
    assert stored(c.message(**about)) == (
        "a@acme.example", '["b@c.example"]', "Hi", '{"k":"v"}')
    nothing = (None,) * 4
    assert stored(c.message(tracking={"metadata": False}, **about)) == nothing
    c.call("PATCH", f"/domains/{c.domain}/tracking", {"metadata": False})
    assert stored(c.message(tracking={"metadata": True}, **about)) == nothing
    c.call("PATCH", f"/domains/{c.domain}/tracking", {"metadata": True})


# ---- raw messages ----

RAW = """From: Acme <news@acme.example>\r
To: Ann <a@b.example>,\r
 c@d.example\r
Subject: =?utf-8?q?Fr=C3=BChling?=\r
MIME-Version: 1.0\r
X-Odd:   kept  as \t it is\r
Content-Type: multipart/mixed; boundary="m"\r
\r
preamble\r
--m\r
Content-Type: multipart/alternative; boundary=a\r
\r
--a\r
Content-Type: text/plain; charset=iso-8859-1\r
Content-Transfer-Encoding: 8bit\r
\r
Gr\xfc\xdfe, https://x.example/text\r
--a\r
Content-Type: text/html; charset=iso-8859-1\r
Content-Transfer-Encoding: quoted-printable\r
\r
<p>Gr=FC=DFe</p><a href=3D"https://x.example/?a=3D1&amp;b=3D=FC">=\r
look</a> =\r
end</body>\r
--a--\r
--m\r
Content-Type: text/html; charset=utf-8\r
Content-Transfer-Encoding: base64\r
\r
PGEgaHJlZj0iaHR0cHM6Ly94LmV4YW1wbGUvYmFzZTY0Ij7DvDwvYT4K\r
--m\r
Content-Type: text/html\r
Content-Disposition: attachment; filename=x.html\r
\r
<a href="https://x.example/attached">\r
--m\r
Content-Type: multipart/signed; boundary=s; micalg=pgp-sha256;\r
 protocol="application/pgp-signature"\r
\r
--s\r
Content-Type: text/html\r
\r
<a href="https://x.example/signed">\r
--s\r
Content-Type: application/pgp-signature\r
\r
x\r
--s--\r
--m--\r
epilogue\r
""".encode("latin-1")


def send_mime(c, raw, **fields):
    message = c.message(mime=base64.b64encode(raw).decode(), **fields)
    return message, base64.b64decode(message["mime"])


def rewrites_raw_messages(c):
    message, out = send_mime(c, RAW, unsubscribe=True,
                             tracking={"text": True})
    assert [link["url"] for link in message["links"]] == [
        "https://x.example/text", "https://x.example/?a=1&b=%C3%BC",
        "https://x.example/base64"]
    for link in message["links"]:
        assert c.follow(link["href"]) == link["url"]
    added = f"List-Unsubscribe: <{message['unsubscribe_url']}>\r\n".encode()
    assert out.startswith(added)
    parsed = email.message_from_bytes(out, policy=email.policy.default)
    bodies = [part.get_payload(decode=True).decode("latin-1")
              for part in parsed.walk() if not part.is_multipart()]
    links = [link["href"] for link in message["links"]]
    pixel = PIXEL.search(bodies[1].encode()).group(0).decode()
    assert bodies[0] == f"Gr\xfc\xdfe, {links[0]}"
    assert bodies[1] == (f'<p>Gr\xfc\xdfe</p><a href="{links[1]}">look</a> end'
                         f"{pixel}</body>")
    assert bodies[2] == f'<a href="{links[2]}">\xc3\xbc</a>\n{pixel}'
    # around them not a byte changed
    rest = out[len(added):]
    for start, end in ((b"From:", b"Gr\xfc\xdfe, "), (b"\r\n--a\r\nContent-Type"
                       b": text/html", b"quoted-printable\r\n\r\n"),
                       (b"\r\n--a--\r\n--m\r\n", b"base64\r\n\r\n"),
                       (b"\r\n--m\r\nContent-Type: text/html\r\nContent-Disp",
                        b"epilogue\r\n")):
        piece = RAW[RAW.index(start):RAW.index(end) + len(end)]
        assert piece in rest, piece
    assert all(len(line) <= 998 for line in out.split(b"\r\n"))
    assert c.sql("SELECT sender, recipients, subject FROM messages WHERE "
                 "hex(id) = ?", message["id"].replace("-", "").upper(),
                 base="events.db") == [
        ("Acme <news@acme.example>",
         '["Ann <a@b.example>","c@d.example"]', "Fr\xfchling")]


def leaves_raw_messages_alone(c):
    plain = b"Subject: x\n\nhttps://x.example/\n"
    html = (b"%sContent-Type: text/html%s\n\n<a href='https://x.example/'>\n")
    for raw, warning in ((plain, None),
                         (html % (b"DKIM-Signature: v=1\n", b""), "signature"),
                         (html % (b"X-Waxseal-Tracking: off\n", b""), None),
                         (html % (b"X-Waxseal-Tracking: x\n", b""), "X-Waxseal"),
                         (html % (b"Content-Transfer-Encoding: x-y\n", b""),
                          "encoding"),
                         (html % (b"", b"; charset=utf-16"), "charset"),
                         (html.replace(b"text/html", b"multipart/mixed") %
                          (b"", b"; boundary=q"), None)):
        message, out = send_mime(c, raw)
        assert out == raw and not message["links"], (raw, out)
        assert not warning or warning in message["warnings"][0], message
    # one with an own List-Unsubscribe keeps it, and the link in the body
    raw = html % (b"List-Unsubscribe: <https://x.example/>, <mailto:a@b>\n",
                  b"")
    message, out = send_mime(c, raw, unsubscribe=True,
                             tracking={"opens": False})
    assert out == raw and "keeps" in message["warnings"][0], message
    c.message(422, mime="!!!")
    c.message(422, mime=base64.b64encode(plain).decode(), html="x")


def breaks_no_line(c):
    """A link that makes a line too long for mail makes it quoted-printable."""
    start = b"Content-Type: text/html\n\n<a href='https://x.example/"
    for size, encoded in ((100, False), (900, True)):
        raw = start + b"x" * size + b"'>\xc3\xbc=\t\n"
        message, out = send_mime(c, raw, tracking={"opens": False})
        assert (b"quoted-printable" in out) is encoded
        assert all(len(line) <= 998 for line in out.split(b"\n"))
        body = email.message_from_bytes(out).get_payload(decode=True)
        assert body == f"<a href='{message['links'][0]['href']}'>".encode() + \
            b"\xc3\xbc=\t\n", body


# ---- the filter ----

def filters_from_the_command_line(c):
    html = b"<p>\xfc <a href=https://x.example/?a=1&amp;b>x</a></p>\r\n"
    result = c.waxseal(data=html)
    assert result.returncode == 0 and not result.stderr, result
    href = re.search(rb"href=(http\S+?)>", result.stdout).group(1).decode()
    assert c.follow(href) == "https://x.example/?a=1&b"
    assert PIXEL.sub(b"", result.stdout).replace(
        href.encode(), b"https://x.example/?a=1&amp;b") == html
    message = json.loads(c.waxseal("--json", "--mode", "anonymous", "--text",
                                   data=b"http://x.example").stdout)
    assert message["mode"] == "anonymous"
    assert c.follow(message["links"][0]["href"]) == "http://x.example"
    c.follow(message["links"][0]["href"])
    result = c.waxseal("--mime", "--links", "table", data=RAW)
    assert result.returncode == 0 and len(result.stdout) > len(RAW), result
    c.sql("UPDATE domains SET open_tracking = 0")
    result = c.waxseal(data=html)
    assert b"warning: Opens are not tracked" in result.stderr, result
    c.sql("UPDATE domains SET open_tracking = 1")
    for words, complaint in ((("--mode", "x"), b"mode"),
                             (("--mime", "--text"), b"exclude"),
                             (("--domain", "none.example"), b"none.example")):
        result = c.waxseal(*words, data=html)
        assert result.returncode != 0 and complaint in result.stderr, result
        assert not result.stdout


def forgets_metadata(c):
    c.stack.stop()
    c.stack.settings["WAXSEAL_MESSAGES_KEEP_METADATA"] = "1h"
    c.sql("UPDATE messages SET created_at = created_at - 3600000001 "
          "WHERE subject = 'Hi'", base="events.db")
    c.stack.start()
    wait_for("the metadata to go", lambda: c.sql(
        "SELECT count(*) FROM messages WHERE subject = 'Hi' OR tags IS NOT NULL",
        base="events.db")[0][0] == 0)
    assert c.sql("SELECT count(*) FROM messages WHERE subject IS NOT NULL",
                 base="events.db")[0][0] > 0


def main():
    context = Context()
    try:
        passed, failed = run_tests([
            starts, follows_every_link_of_templates,
            carries_names_and_tags_into_events,
            tracks_plain_text_and_adds_parameters, shares_table_links,
            makes_links_and_kills_them,
             makes_many_links_at_once, kills_messages_and_domains,
            unsubscribes_with_a_post_only, gives_one_click_headers_with_https,
            obeys_ceilings, keeps_metadata_only_where_wanted,
            rewrites_raw_messages, leaves_raw_messages_alone, breaks_no_line,
            filters_from_the_command_line, forgets_metadata], context)
    finally:
        context.stack.stop()
        if "failed" in locals() and failed:
            print(context.stack.log())
        shutil.rmtree(context.folder)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
