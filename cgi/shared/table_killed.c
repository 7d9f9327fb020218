#include "table_killed.h"

#include <string.h>

#include "log.h"
#include "uuid.h"

static wxs_status
judge(wxs_status status, const uint8_t *message, wxs_error *error)
{
    char id[WXS_UUID_TEXT];

    wxs_uuid_format(message, id);
    if (status == WXS_OK || status == WXS_NOT_FOUND)
        return WXS_OK;
    (void)wxs_fail(error,
                   "cannot bring killed message %s into the lookup table: %s",
                   id, wxs_status_text(status));
    return status;
}

/* Puts the message of the statement's present row: id, domain or NULL. */
static wxs_status
put_message(wxs_table_writer *writer, sqlite3_stmt *row, wxs_error *error)
{
    static const uint8_t none[WXS_MESSAGE_ID_SIZE];
    const uint8_t *message = sqlite3_column_blob(row, 0);
    int64_t domain = sqlite3_column_int64(row, 1);

    if (message == NULL || sqlite3_column_bytes(row, 0) != sizeof none ||
        memcmp(message, none, sizeof none) == 0 || domain < 0 ||
        domain > UINT32_MAX) {
        wxs_log(WXS_LOG_ERROR,
                "killed message without a proper id left out of the lookup "
                "table",
                NULL);
        return WXS_OK;
    }
    return judge(wxs_table_put_killed(writer, message, (uint32_t)domain),
                 message, error);
}

wxs_status
wxs_table_killed_message(wxs_table_writer *writer, wxs_db *control,
                         const uint8_t message[WXS_MESSAGE_ID_SIZE],
                         wxs_error *error)
{
    static const char sql[] =
        "SELECT message, domain FROM killed_messages WHERE message = ?1";
    sqlite3_stmt *row = wxs_db_prepare(control, sql, error);
    wxs_status status = WXS_IO;
    int step;

    if (row == NULL)
        return WXS_IO;
    sqlite3_bind_blob(row, 1, message, WXS_MESSAGE_ID_SIZE, SQLITE_STATIC);
    step = wxs_db_step(control, row, error);
    if (step == 1)
        status = put_message(writer, row, error);
    else if (step == 0)
        status =
            judge(wxs_table_remove_killed(writer, message), message, error);
    wxs_db_done(row);
    return status;
}

wxs_status
wxs_table_killed_messages(wxs_table_writer *writer, wxs_db *control,
                          wxs_error *error)
{
    static const char sql[] = "SELECT message, domain FROM killed_messages";
    sqlite3_stmt *row = wxs_db_prepare(control, sql, error);
    wxs_status status = WXS_OK;
    int step = 0;

    if (row == NULL)
        return WXS_IO;
    while (status == WXS_OK && (step = wxs_db_step(control, row, error)) == 1)
        status = put_message(writer, row, error);
    wxs_db_done(row);
    return step < 0 ? WXS_IO : status;
}
