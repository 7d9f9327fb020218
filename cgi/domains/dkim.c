#include <string.h>

#include "clock.h"
#include "dkim_add.h"
#include "dkim_pool.h"
#include "domain_json.h"
#include "lookup.h"
#include "record_store.h"
#include "routes.h"
#include "schedule.h"
#include "sql.h"
#include "webhook_outbox.h"

#define POOL_WAIT_MS 5000
#define LIVE_MAX     3 /* keys of a kind that have records */

/* The domain's keys of one kind, RSA or Ed25519. */
typedef struct {
    bool active;
    char pending[WXS_SELECTOR_TEXT]; /* "" = none */
    int live;
} family;

typedef struct {
    const json_t *body;
    const wxs_context *context;
    const wxs_request *request;
    wxs_dkim_wish *wish;
} rotation;

static bool
read_family(wxs_db *db, const wxs_domain *domain, bool ed25519, family *keys,
            wxs_error *error)
{
    sqlite3_stmt *row = wxs_dkim_walk(db, domain->number, error);
    wxs_dkim_key key;
    int more = -1;

    memset(keys, 0, sizeof(*keys));
    while (row != NULL && (more = wxs_db_step(db, row, error)) == 1) {
        if (!wxs_dkim_row(row, &key, error)) {
            more = -1;
            break;
        }
        if (wxs_dkim_is_ed25519(&key) != ed25519)
            continue;
        keys->live++;
        keys->active = keys->active || strcmp(key.state, "active") == 0;
        if (strcmp(key.state, "pending") == 0)
            memcpy(keys->pending, key.selector, sizeof(key.selector));
    }
    wxs_db_done(row);
    return more == 0;
}

/* Makes room for one more key, or answers why there is none. A key that waits
 * to be the first to sign is replaced: nothing was ever signed with it. */
static bool
make_room(wxs_db *db, const wxs_domain *domain, const family *keys,
          wxs_response *response, wxs_error *error)
{
    if (keys->pending[0] != '\0' && !keys->active)
        return wxs_dkim_retire(db, domain->number, keys->pending, error);
    if (keys->pending[0] != '\0') {
        wxs_answer_error(response, 422, "validation_error",
                         "A new key with the selector `%s` waits already: "
                         "publish its record, or delete it first.",
                         keys->pending);
        return false;
    }
    if (keys->live >= LIVE_MAX) {
        wxs_answer_error(response, 422, "validation_error",
                         "The domain has %d keys of this kind: wait until a "
                         "retiring one is retired, or delete it.",
                         keys->live);
        return false;
    }
    return true;
}

static bool
add_record(wxs_db *db, const wxs_domain *domain, const wxs_dkim_key *key,
           const wxs_config *config, int64_t now, wxs_error *error)
{
    bool checked = wxs_is_checked(domain);
    char target[WXS_DKIM_TARGET_TEXT];
    wxs_record_key record_key =
        wxs_dkim_record_key(domain, key, config, target);
    wxs_record record;

    if (!wxs_record_dkim(domain->name, &record_key, &record))
        return wxs_fail(error, "a record of %s is too long", domain->name);
    return wxs_record_add(db, domain->number, &record, 0,
                          checked ? "pending" : "not_started", error) &&
           (!checked ||
            wxs_domain_ask_check(db, domain, wxs_check_due(domain, config, now),
                                 error));
}

/* The answer: the whole domain, read through db. */
static bool
answer_rotated(wxs_db *db, const rotation *r, const wxs_domain *domain,
               wxs_response *response, wxs_error *error)
{
    json_t *json = wxs_domain_json(db, domain, r->context, r->request, error);

    if (json == NULL)
        return false;
    if (json_object_set_new(json, "object", json_string("domain")) != 0) {
        json_decref(json);
        return wxs_fail(error, "out of memory");
    }
    wxs_answer(response, 201, json);
    return true;
}

static bool
rotate(wxs_db *db, wxs_domain *domain, const void *arg, wxs_response *response,
       wxs_error *error)
{
    const rotation *r = arg;
    int64_t now = wxs_now_us();
    wxs_dkim_added added;
    wxs_dkim_key key;
    family keys;

    if (!wxs_parse_rotation(r->body, r->context, r->request, domain, r->wish,
                            response) ||
        !read_family(db, domain, r->wish->ed25519, &keys, error) ||
        !make_room(db, domain, &keys, response, error))
        return false;
    added = wxs_dkim_add(db, domain, r->wish, now, &key, error);
    if (added != WXS_DKIM_ADDED) {
        wxs_dkim_answer(added, r->wish, r->request, error, response);
        return false;
    }
    return add_record(db, domain, &key, r->context->config, now, error) &&
           wxs_domain_save_dkim(db, domain, error) &&
           wxs_history_add(db, domain->number, now, domain->state,
                           domain->state, "rotated", error) &&
           wxs_webhook_tell(db, domain->number, WXS_DOMAIN_UPDATED, now,
                            error) &&
           answer_rotated(db, r, domain, response, error);
}

void
wxs_domains_rotate(wxs_context *context, const wxs_request *request,
                   wxs_response *response)
{
    json_t *body = wxs_body_object(request, response);
    wxs_dkim_wish wish = {0};
    const rotation r = {body, context, request, &wish};
    wxs_domain domain;
    wxs_error error;

    if (body == NULL)
        return;
    /* not while the write lock is held; what goes wrong is seen again then */
    (void)wxs_dkim_wait(context->control, wxs_monotonic_ms() + POOL_WAIT_MS,
                        &error);
    (void)wxs_domain_apply(context, request, rotate, &r, &domain, response);
    wxs_dkim_pair_clear(&wish.pair);
    json_decref(body);
}

/* ---- ending one ---- */

/* The state of the domain's key: 1 found, 0 there is none, -1. */
static int
find_state(wxs_db *db, const wxs_domain *domain, const char *selector,
           char state[16], wxs_error *error)
{
    sqlite3_stmt *row = wxs_sql(db, error,
                                "SELECT state FROM dkim_keys WHERE domain = ? "
                                "AND selector = ? AND state <> 'retired'",
                                "it", domain->number, selector);
    int found;

    if (row == NULL)
        return -1;
    found = wxs_db_step(db, row, error);
    if (found == 1 && !wxs_sql_text(row, 0, state, 16))
        found = -1;
    wxs_db_done(row);
    return found;
}

static bool
end_key(wxs_db *db, wxs_domain *domain, const void *arg, wxs_response *response,
        wxs_error *error)
{
    const char *selector = arg;
    int64_t now = wxs_now_us();
    char state[16] = "";
    family keys;
    int found = find_state(db, domain, selector, state, error);

    if (found == 0)
        wxs_answer_error(response, 404, "not_found", "DKIM key not found");
    if (found != 1 || !read_family(db, domain, false, &keys, error))
        return false;
    if (strcmp(state, "active") == 0 ||
        (strcmp(selector, keys.pending) == 0 && !keys.active)) {
        wxs_answer_error(response, 422, "validation_error",
                         "The key `%s` cannot be deleted: the domain signs "
                         "with it. Rotate it instead.",
                         selector);
        return false;
    }
    return wxs_dkim_retire(db, domain->number, selector, error) &&
           wxs_history_add(db, domain->number, now, domain->state,
                           domain->state, "key_deleted", error) &&
           wxs_webhook_tell(db, domain->number, WXS_DOMAIN_UPDATED, now, error);
}

void
wxs_domains_end_key(wxs_context *context, const wxs_request *request,
                    wxs_response *response)
{
    wxs_domain domain;

    if (wxs_domain_apply(context, request, end_key, request->param[1], &domain,
                         response))
        wxs_answer(response, 200, wxs_domain_reference(&domain));
}
