"""The official Python SDK: the life of a domain and of a key."""
import sys

import resend

NOBODY = "00000000-0000-4000-8000-000000000000"

listed = resend.Domains.list()["data"]
assert {d["status"] for d in listed} >= {"verified", "failed"}, listed
domain = resend.Domains.create({
    "name": "python.example", "custom_return_path": "out",
    "tracking_subdomain": "links", "open_tracking": True})
assert domain["status"] == "not_started" and len(domain["records"]) == 4
assert resend.Domains.get(domain["id"])["name"] == "python.example"
assert resend.Domains.verify(domain["id"])["id"] == domain["id"]
assert resend.Domains.update({"id": domain["id"], "click_tracking": True})
page = resend.Domains.list({"limit": 1})
assert page["has_more"] and page["data"][0]["id"] == domain["id"]
key = resend.ApiKeys.create({"name": "py", "permission": "sending_access",
                             "domain_id": domain["id"]})
assert key["token"].startswith("re_")
assert key["id"] in {k["id"] for k in resend.ApiKeys.list()["data"]}
resend.ApiKeys.update({"api_key_id": key["id"], "name": "renamed"}) \
    if "api_key_id" in resend.ApiKeys.UpdateParams.__annotations__ else \
    resend.ApiKeys.update({"id": key["id"], "name": "renamed"})
resend.ApiKeys.remove(key["id"])
resend.Domains.remove(domain["id"])
for call, error in ((lambda: resend.Domains.get(domain["id"]), "not_found"),
                    (lambda: resend.Domains.create({"name": ""}),
                     "missing_required_field"),
                    (lambda: resend.Domains.create({"name": "co.uk"}),
                     "validation_error")):
    try:
        call()
    except resend.exceptions.ResendError as caught:
        assert caught.error_type == error, (caught.error_type, error)
    else:
        sys.exit(f"no {error}")
resend.api_key = "re_wrong_key"
try:
    resend.Domains.list()
except resend.exceptions.InvalidApiKeyError:
    pass
else:
    sys.exit("a wrong key works")
