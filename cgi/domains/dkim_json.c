#include "dkim_json.h"

#include "dkim_store.h"

static void
write_key(wxs_json_writer *json, const wxs_dkim_key *key,
          const wxs_config *config)
{
    int64_t retires_at = 0;

    if (key->retiring_since != 0)
        retires_at = key->retiring_since + config->dkim.retire_after_ms * 1000;
    wxs_json_open(json, NULL, '{');
    wxs_json_string(json, "selector", key->selector);
    wxs_json_string(json, "algorithm", key->algorithm);
    wxs_json_string(json, "state", key->state);
    wxs_json_bool(json, "imported", key->imported);
    wxs_json_time(json, "created_at", key->taken_at);
    wxs_json_time(json, "activated_at", key->activated_at);
    wxs_json_time(json, "retires_at", retires_at);
    wxs_json_close(json, '}');
}

static bool
write_keys(wxs_json_writer *json, wxs_db *db, const wxs_domain *domain,
           const wxs_config *config, wxs_error *error)
{
    sqlite3_stmt *row = wxs_dkim_walk(db, domain->number, error);
    wxs_dkim_key key;
    int more = -1;

    while (row != NULL && (more = wxs_db_step(db, row, error)) == 1) {
        if (!wxs_dkim_row(row, &key, error)) {
            more = -1;
            break;
        }
        write_key(json, &key, config);
    }
    wxs_db_done(row);
    return more == 0;
}

bool
wxs_dkim_json(wxs_json_writer *json, wxs_db *db, const wxs_domain *domain,
              const wxs_config *config, wxs_error *error)
{
    bool ok;

    wxs_json_open(json, "dkim", '{');
    wxs_json_string(json, "form", domain->dkim_cname ? "cname" : "txt");
    wxs_json_open(json, "keys", '[');
    ok = write_keys(json, db, domain, config, error);
    wxs_json_close(json, ']');
    wxs_json_close(json, '}');
    return ok;
}
