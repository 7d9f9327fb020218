#include "domain_number.h"

#include <string.h>

#include "parameter.h"
#include "uuid.h"

int64_t
wxs_domain_number(const wxs_context *context, const char *id, wxs_error *error)
{
    sqlite3_stmt *row = wxs_db_prepare(
        context->control,
        "SELECT number FROM domains WHERE id = ? AND account = ?", error);
    int64_t number = -1;
    int step;

    if (row == NULL)
        return -1;
    sqlite3_bind_text(row, 1, id, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(row, 2, context->identity.account);
    step = wxs_db_step(context->control, row, error);
    if (step >= 0)
        number = step == 0 ? 0 : sqlite3_column_int64(row, 0);
    wxs_db_done(row);
    return number;
}

int64_t
wxs_domain_number_ask(const wxs_context *context, const wxs_request *request,
                      const char *id, wxs_response *response)
{
    uint8_t uuid[WXS_UUID_SIZE];
    char text[WXS_UUID_TEXT];
    wxs_error error;
    int64_t number;

    if (!wxs_uuid_parse(id, strlen(id), uuid)) {
        wxs_parameter_refuse(response, "domain_id", "a valid UUID");
        return 0;
    }
    wxs_uuid_format(uuid, text);
    number = wxs_domain_number(context, text, &error);
    if (number > 0)
        return number;
    if (number < 0)
        wxs_answer_internal(response, request, &error);
    else
        wxs_answer_error(response, 404, "not_found", "Domain not found");
    return 0;
}
