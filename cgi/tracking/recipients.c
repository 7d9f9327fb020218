#include "recipients.h"

#include "call.h"
#include "page.h"
#include "recipient_modes.h"

#define LIMIT_DEFAULT 20

static bool
read_address(const wxs_request *request, char address[WXS_RECIPIENT_MAX + 1],
             wxs_response *response)
{
    if (wxs_recipient_read(request->param[0], address))
        return true;
    wxs_answer_error(response, 422, "validation_error",
                     "The address in the path is not an email address.");
    return false;
}

static json_t *
recipient_json(const char *address, wxs_mode mode)
{
    return json_pack("{s:s, s:s, s:s}", "object", "recipient", "address",
                     address, "mode", wxs_mode_name(mode));
}

/* One row of wxs_recipient_modes_walk(). */
static json_t *
row_json(sqlite3_stmt *row, wxs_error *error)
{
    (void)error;
    return recipient_json((const char *)sqlite3_column_text(row, 0),
                          (wxs_mode)sqlite3_column_int(row, 1));
}

/* By address. There may be very many, so that without a limit there are a few
 * only. */
void
wxs_recipients_list(wxs_context *context, const wxs_request *request,
                    wxs_response *response)
{
    wxs_page page;
    wxs_page_list list;
    sqlite3_stmt *rows;
    wxs_error error;
    bool before;

    if (!wxs_page_parse(request, &page, response))
        return;
    if (page.limit < 0)
        page.limit = LIMIT_DEFAULT;
    before = page.before[0] != '\0';
    list = wxs_page_begin(&page);
    rows = wxs_recipient_modes_walk(context->control, context->identity.account,
                                    before ? page.before : page.after, before,
                                    wxs_page_rows(&page), &error);
    if (rows != NULL &&
        wxs_page_fill(&list, context->control, rows, row_json, &error))
        wxs_page_answer(&list, response);
    else
        wxs_answer_internal(response, request, &error);
    wxs_db_done(rows);
    json_decref(list.data);
}

static void
answer(const char *address, wxs_mode mode, wxs_response *response)
{
    wxs_answer(response, 200, recipient_json(address, mode));
}

static void
answer_not_found(wxs_response *response)
{
    wxs_answer_error(response, 404, "not_found", "Recipient not found");
}

void
wxs_recipients_get(wxs_context *context, const wxs_request *request,
                   wxs_response *response)
{
    char address[WXS_RECIPIENT_MAX + 1];
    wxs_error error;
    wxs_mode mode;
    int found;

    if (!read_address(request, address, response))
        return;
    found = wxs_recipient_mode_get(context->control, context->identity.account,
                                   address, &mode, &error);
    if (found < 0)
        wxs_answer_internal(response, request, &error);
    else if (found == 0)
        answer_not_found(response);
    else
        answer(address, mode, response);
}

static bool
read_mode(const json_t *body, wxs_mode *mode, wxs_response *response)
{
    const char *name = NULL;

    if (!wxs_field_string(body, "mode", true, 0, &name, response))
        return false;
    return wxs_mode_read(name, mode) ||
           wxs_refuse_field(response, "mode",
                            "off, anonymous, pseudonymous or full");
}

void
wxs_recipients_put(wxs_context *context, const wxs_request *request,
                   wxs_response *response)
{
    int64_t account = context->identity.account;
    char address[WXS_RECIPIENT_MAX + 1];
    json_t *body = wxs_body_object(request, response);
    wxs_error error;
    wxs_mode mode;
    wxs_db *db;

    if (body == NULL)
        return;
    if (read_address(request, address, response) &&
        read_mode(body, &mode, response)) {
        db = wxs_write_begin(WXS_DB_CONTROL, &error);
        if (db == NULL)
            wxs_answer_internal(response, request, &error);
        else if (wxs_call_commit(
                     db,
                     wxs_recipient_mode_set(db, account, address, mode, &error),
                     request, &error, response))
            answer(address, mode, response);
    }
    json_decref(body);
}

void
wxs_recipients_delete(wxs_context *context, const wxs_request *request,
                      wxs_response *response)
{
    int64_t account = context->identity.account;
    char address[WXS_RECIPIENT_MAX + 1];
    wxs_error error;
    int deleted = 0;
    wxs_db *db;

    if (!read_address(request, address, response))
        return;
    db = wxs_write_begin(WXS_DB_CONTROL, &error);
    if (db == NULL) {
        wxs_answer_internal(response, request, &error);
        return;
    }
    if (!wxs_call_commit(
            db,
            wxs_recipient_mode_delete(db, account, address, &deleted, &error),
            request, &error, response))
        return;
    if (deleted == 0)
        answer_not_found(response);
    else
        wxs_answer(response, 200,
                   json_pack("{s:s, s:s, s:b}", "object", "recipient",
                             "address", address, "deleted", 1));
}
