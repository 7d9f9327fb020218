"""Answers of the API judged against docs/openapi.yaml."""
import functools
import json
import re
import uuid

import jsonschema
import yaml

import stack

RATE = ("ratelimit-limit", "ratelimit-policy", "ratelimit-remaining",
        "ratelimit-reset")


@functools.lru_cache(maxsize=None)
def document():
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((stack.TOP / "docs/openapi.yaml").read_text(), loader)


@functools.lru_cache(maxsize=None)
def paths():
    """[(template, pattern)], those without parameters first."""
    known = document()["paths"]
    return sorted(((template,
                    re.compile(re.sub(r"\{[^}]*\}", "[^/]+", template) + "/?$"))
                   for template in known), key=lambda entry: "{" in entry[0])


def resolve(node):
    while "$ref" in node:
        target = document()
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def formats():
    checker = jsonschema.FormatChecker(())

    @checker.checks("uuid", ValueError)
    def is_uuid(text):
        return not isinstance(text, str) or str(uuid.UUID(text)) == text

    return checker


@functools.lru_cache(maxsize=None)
def validator(template, method, status, kind):
    """The validator of an answer's body; None if it is no JSON."""
    operation = document()["paths"][template][method]
    responses = operation["responses"]
    assert str(status) in responses, \
        f"{method} {template}: status {status} is not documented"
    content = resolve(responses[str(status)])["content"]
    assert kind in content, f"{method} {template} {status}: type {kind}"
    if not kind.endswith("json"):
        return None
    schema = dict(content[kind]["schema"], components=document()["components"])
    return jsonschema.Draft202012Validator(schema, format_checker=formats())


def error_validator():
    schema = {"$ref": "#/components/schemas/Error",
              "components": document()["components"]}
    return jsonschema.Draft202012Validator(schema)


def judge(judged, body, what):
    errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:300]}"
              for e in judged.iter_errors(body)]
    assert not errors, (what, errors)


def check_headers(answer, what):
    assert uuid.UUID(answer.headers["X-Request-Id"]), what
    for name in RATE:
        assert answer.headers.get(name), (what, name)
    assert 0 <= int(answer.headers["ratelimit-remaining"]) <= \
        int(answer.headers["ratelimit-limit"]), what


def check(method, target, answer):
    """Asserts that the answer to the request is one that is documented."""
    path = re.sub("/{2,}", "/", target.split("?")[0])
    what = (method, target, answer.status)
    kind = answer.headers["Content-Type"].split(";")[0]
    operations = next((template for template, pattern in paths()
                       if pattern.match(path) and
                       method.lower() in document()["paths"][template]), None)
    if method == "HEAD" or path in ("/healthz", "/metrics"):
        return
    if answer.status >= 400:
        judge(error_validator(), answer.json(), what)
        assert answer.json()["statusCode"] == answer.status, what
        if operations is None or answer.status in (400, 404, 405, 408):
            return  # no such endpoint, or not even HTTP
    assert operations is not None, f"{what} is not documented"
    judged = validator(operations, method.lower(), answer.status, kind)
    if judged is None:
        return
    lines = answer.body.splitlines() if kind.endswith("ndjson") \
        else [answer.body]
    for line in lines:
        judge(judged, json.loads(line), what)
