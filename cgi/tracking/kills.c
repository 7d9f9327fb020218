#include "kills.h"

#include <string.h>

#include "call.h"
#include "kill_switch.h"
#include "links.h"
#include "uuid.h"

/* One request on its way to the answer. */
struct order {
    wxs_context *context;
    const wxs_request *request;
    wxs_response *response;
    bool kill; /* or revive */
};

/* What the order is about. */
struct target {
    const char *object; /* "link", "message", "domain" */
    int64_t number;     /* of the link or domain; of a message its sender */
    uint8_t message[WXS_UUID_SIZE];
};

static bool
change(const struct order *order, const struct target *target, wxs_db *db,
       wxs_error *error)
{
    bool changed;

    switch (target->object[0]) {
    case 'l':
        return wxs_kill_link(db, target->number, order->kill, &changed, error);
    case 'd':
        return wxs_kill_domain(db, target->number, order->kill, &changed,
                               error);
    default:
        return wxs_kill_message(db, target->message, target->number,
                                order->kill, &changed, error);
    }
}

/* Makes the change, waits for nginx to follow it, and answers. */
static void
carry_out(const struct order *order, const struct target *target)
{
    wxs_error error;
    wxs_db *db = wxs_write_begin(WXS_DB_CONTROL, &error);
    bool reached;

    if (db == NULL) {
        wxs_answer_internal(order->response, order->request, &error);
        return;
    }
    if (wxs_call_commit(db, change(order, target, db, &error), order->request,
                        &error, order->response) &&
        wxs_call_in_effect(order->context, order->request, &reached,
                           order->response))
        wxs_answer(order->response, 200,
                   json_pack("{s:s, s:s, s:b, s:b}", "object", target->object,
                             "id", order->request->param[0], "killed",
                             order->kill, "in_effect", reached));
}

static void
kill_link(const struct order *order)
{
    struct target target = {.object = "link"};

    if (wxs_link_lookup(order->context, order->request, &target.number, NULL,
                        order->response) == 1)
        carry_out(order, &target);
}

/* The domain that sent the message: 1 found, 0 not, -1 error filled. */
static int
find_message(const struct order *order, struct target *target, wxs_error *error)
{
    static const char sql[] =
        "SELECT domain FROM messages WHERE id = ?1 AND account = ?2 "
        "AND (?3 = 0 OR domain = ?3)";
    const wxs_identity *identity = &order->context->identity;
    const char *id = order->request->param[0];
    sqlite3_stmt *row;
    int step;

    if (!wxs_uuid_parse(id, strlen(id), target->message))
        return 0;
    row = wxs_db_prepare(order->context->events, sql, error);
    if (row == NULL)
        return -1;
    sqlite3_bind_blob(row, 1, target->message, WXS_UUID_SIZE, SQLITE_STATIC);
    sqlite3_bind_int64(row, 2, identity->account);
    sqlite3_bind_int64(row, 3, identity->domain);
    step = wxs_db_step(order->context->events, row, error);
    if (step == 1)
        target->number = sqlite3_column_int64(row, 0);
    wxs_db_done(row);
    return step;
}

static void
kill_message(const struct order *order)
{
    struct target target = {.object = "message"};
    wxs_error error;
    int found = find_message(order, &target, &error);

    if (found < 0)
        wxs_answer_internal(order->response, order->request, &error);
    else if (found == 0)
        wxs_answer_error(order->response, 404, "not_found",
                         "Message not found");
    else
        carry_out(order, &target);
}

static void
kill_domain(const struct order *order)
{
    struct target target = {.object = "domain"};
    wxs_tracking_domain domain;

    if (wxs_call_domain(order->context, order->request,
                        order->request->param[0], &domain, order->response)) {
        target.number = domain.number;
        carry_out(order, &target);
    }
    wxs_tracking_domain_free(&domain);
}

#define HANDLER(name, act, is_kill)                                            \
    void name(wxs_context *context, const wxs_request *request,                \
              wxs_response *response)                                          \
    {                                                                          \
        const struct order order = {context, request, response, is_kill};      \
                                                                               \
        act(&order);                                                           \
    }

HANDLER(wxs_kills_link, kill_link, true)
HANDLER(wxs_kills_unlink, kill_link, false)
HANDLER(wxs_kills_message, kill_message, true)
HANDLER(wxs_kills_unmessage, kill_message, false)
HANDLER(wxs_kills_domain, kill_domain, true)
HANDLER(wxs_kills_undomain, kill_domain, false)
