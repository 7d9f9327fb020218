#include <stdio.h>
#include <string.h>

#include "dkim_store.h"
#include "domain_store.h"
#include "routes.h"
#include "sql.h"
#include "utf8.h"

/* GET /senders/{address}: may this address send, through which domain, signed
 * with what. Mail servers ask it for every message, with a sending key. */

/* The domain that covers an address. */
typedef struct {
    int64_t number; /* 0 = none */
    char id[WXS_UUID_TEXT];
    char name[WXS_NAME_TEXT];
    char return_path[WXS_LABEL_MAX + 1];
    char tls[16];
    char state[24];
    bool may_send;
} cover;

static bool
read_cover(sqlite3_stmt *row, cover *found, wxs_error *error)
{
    found->number = sqlite3_column_int64(row, 0);
    return (wxs_sql_text(row, 1, found->id, sizeof(found->id)) &&
            wxs_sql_text(row, 2, found->name, sizeof(found->name)) &&
            wxs_sql_text(row, 3, found->return_path,
                         sizeof(found->return_path)) &&
            wxs_sql_text(row, 4, found->tls, sizeof(found->tls)) &&
            wxs_sql_text(row, 5, found->state, sizeof(found->state))) ||
           wxs_fail(error, "a domain of control.db is damaged");
}

/* The account's domain of exactly this name: 1, 0, -1. */
static int
find_exact(wxs_context *context, const char *name, cover *found,
           wxs_error *error)
{
    sqlite3_stmt *row = wxs_sql(
        context->control, error,
        "SELECT number, id, name, return_path, tls, state FROM domains "
        "WHERE account = ?1 AND name = ?2 AND deleted_at IS NULL "
        "AND (?3 = 0 OR number = ?3)",
        "iti", context->identity.account, name, context->identity.domain);
    int step = row == NULL ? -1 : wxs_db_step(context->control, row, error);

    if (step == 1 && !read_cover(row, found, error))
        step = -1;
    wxs_db_done(row);
    return step;
}

/* A domain whose records are gone goes on sending while it is rechecked. */
static bool
may_send(const char *state)
{
    return strcmp(state, "verified") == 0 ||
           strcmp(state, "temporary_failure") == 0;
}

/* The nearest domain at or above the host that may send; without one the
 * nearest that may not. */
static bool
find_cover(wxs_context *context, const char *host, cover *found,
           wxs_error *error)
{
    cover other;
    int step;

    memset(found, 0, sizeof(*found));
    for (; host != NULL; host = strchr(host, '.')) {
        host += *host == '.';
        step = find_exact(context, host, &other, error);
        if (step < 0)
            return false;
        if (step == 0 || (found->number != 0 && !may_send(other.state)))
            continue;
        *found = other;
        found->may_send = may_send(other.state);
        if (found->may_send)
            return true;
    }
    return true;
}

/* The keys that sign now. */
static bool
write_keys(wxs_json_writer *json, wxs_db *db, int64_t domain, wxs_error *error)
{
    sqlite3_stmt *row = wxs_dkim_walk(db, domain, error);
    wxs_dkim_key key;
    int step = -1;

    while (row != NULL && (step = wxs_db_step(db, row, error)) == 1) {
        if (!wxs_dkim_row(row, &key, error)) {
            step = -1;
            break;
        }
        if (strcmp(key.state, "active") != 0)
            continue;
        wxs_json_open(json, NULL, '{');
        wxs_json_string(json, "selector", key.selector);
        wxs_json_string(json, "algorithm", key.algorithm);
        wxs_json_close(json, '}');
    }
    wxs_db_done(row);
    return step == 0;
}

static const char *
reason(const cover *found)
{
    if (found->number == 0)
        return "unknown_domain";
    return found->state;
}

static void
write_sender(wxs_json_writer *json, const char *address, const char *host,
             const cover *found)
{
    char return_path[WXS_LABEL_MAX + 1 + WXS_NAME_TEXT];
    bool known = found->number != 0;

    snprintf(return_path, sizeof(return_path), "%s.%s", found->return_path,
             found->name);
    wxs_json_string(json, "object", "sender");
    wxs_json_string(json, "address", address);
    wxs_json_bool(json, "allowed", found->may_send);
    wxs_json_string(json, "reason", reason(found));
    wxs_json_string(json, "domain", known ? found->name : NULL);
    wxs_json_string(json, "domain_id", known ? found->id : NULL);
    wxs_json_bool(json, "subdomain", known && strcmp(host, found->name) != 0);
    wxs_json_string(json, "return_path", known ? return_path : NULL);
    wxs_json_string(json, "tls", known ? found->tls : NULL);
}

/* The part before the @ may be anything, but it is shown again. */
static bool
is_utf8(const char *text)
{
    size_t len = strlen(text);
    size_t size = 1;

    while (len > 0 && size > 0) {
        size = wxs_utf8_length(text, len);
        text += size;
        len -= size;
    }
    return size > 0;
}

/* The host of an address, or of a domain alone, as control.db has names; false
 * after answering. */
static bool
parse_host(const char *address, char host[WXS_NAME_TEXT],
           wxs_response *response)
{
    const char *at = strrchr(address, '@');
    const char *text = at != NULL ? at + 1 : address;
    wxs_error error;

    if (at != address && is_utf8(address) &&
        wxs_name_clean(text, strlen(text), host, &error))
        return true;
    wxs_answer_error(response, 422, "validation_error",
                     "`%.80s` is not an email address, nor a domain.", address);
    return false;
}

static bool
look_up(wxs_context *context, const char *address, const char *host,
        wxs_json_writer *json, wxs_error *error)
{
    cover found;
    bool ok;

    if (!find_cover(context, host, &found, error))
        return false;
    wxs_json_open(json, NULL, '{');
    write_sender(json, address, host, &found);
    wxs_json_open(json, "dkim", '[');
    ok = !found.may_send ||
         write_keys(json, context->control, found.number, error);
    wxs_json_close(json, ']');
    wxs_json_close(json, '}');
    return ok;
}

void
wxs_senders_get(wxs_context *context, const wxs_request *request,
                wxs_response *response)
{
    char host[WXS_NAME_TEXT];
    wxs_json_writer json = {0};
    wxs_error error;

    if (parse_host(request->param[0], host, response)) {
        if (look_up(context, request->param[0], host, &json, &error)) {
            wxs_answer_text(response, 200, &json);
        } else {
            wxs_json_free(&json);
            wxs_answer_internal(response, request, &error);
        }
    }
    /* too many, and they name people */
    response->unlogged = true;
}
