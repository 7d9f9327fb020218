#include "texts.h"

#include <string.h>
#include <sys/random.h>

#include "../../../core/siphash.h"

bool
wxs_texts_begin(wxs_texts *texts, wxs_db *part, wxs_error *error)
{
    static const char sql[] = "SELECT coalesce(max(id), 0) FROM texts";
    sqlite3_stmt *row = wxs_db_prepare(part, sql, error);
    int found = row == NULL ? -1 : wxs_db_step(part, row, error);

    if (found == 1)
        texts->next_id = sqlite3_column_int64(row, 0) + 1;
    wxs_db_done(row);
    memset(texts->kept, 0, sizeof texts->kept);
    if (getrandom(texts->key, sizeof texts->key, 0) != sizeof texts->key)
        return wxs_fail(error, "the system has no randomness");
    return found == 1;
}

static bool
insert(const wxs_texts *texts, wxs_db *part, const char *text, size_t len,
       wxs_error *error)
{
    static const char sql[] = "INSERT INTO texts (id, text) VALUES (?1, ?2)";
    sqlite3_stmt *statement = wxs_db_prepare(part, sql, error);

    if (statement == NULL)
        return false;
    sqlite3_bind_int64(statement, 1, texts->next_id);
    sqlite3_bind_text(statement, 2, text, (int)len, SQLITE_STATIC);
    return wxs_db_run(part, statement, error);
}

bool
wxs_texts_id(wxs_texts *texts, wxs_db *part, const char *text, size_t len,
             int64_t *id, wxs_error *error)
{
    uint64_t hash = wxs_siphash(texts->key, text, len);
    size_t place = hash & (WXS_TEXTS_KEPT - 1);

    if (texts->kept[place].id == 0 || texts->kept[place].hash != hash) {
        if (!insert(texts, part, text, len, error))
            return false;
        texts->kept[place].hash = hash;
        texts->kept[place].id = texts->next_id++;
    }
    *id = texts->kept[place].id;
    return true;
}
