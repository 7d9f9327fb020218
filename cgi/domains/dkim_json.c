#include "dkim_json.h"

#include "dkim_store.h"
#include "domain_json.h"

static json_t *
key_json(const wxs_dkim_key *key, const wxs_config *config)
{
    int64_t retires_at = 0;

    if (key->retiring_since != 0)
        retires_at = key->retiring_since + config->dkim.retire_after_ms * 1000;
    return json_pack("{s:s, s:s, s:s, s:b, s:o, s:o, s:o}", "selector",
                     key->selector, "algorithm", key->algorithm, "state",
                     key->state, "imported", (int)key->imported, "created_at",
                     wxs_time_json(key->taken_at), "activated_at",
                     wxs_time_json(key->activated_at), "retires_at",
                     wxs_time_json(retires_at));
}

static json_t *
keys_json(wxs_db *db, const wxs_domain *domain, const wxs_config *config,
          wxs_error *error)
{
    sqlite3_stmt *row = wxs_dkim_walk(db, domain->number, error);
    json_t *list = json_array();
    wxs_dkim_key key;
    int more = -1;

    while (row != NULL && (more = wxs_db_step(db, row, error)) == 1) {
        if (!wxs_dkim_row(row, &key, error)) {
            more = -1;
            break;
        }
        (void)json_array_append_new(list, key_json(&key, config));
    }
    wxs_db_done(row);
    if (more == 0)
        return list;
    json_decref(list);
    return NULL;
}

json_t *
wxs_dkim_json(wxs_db *db, const wxs_domain *domain, const wxs_config *config,
              wxs_error *error)
{
    json_t *keys = keys_json(db, domain, config, error);
    json_t *json;

    if (keys == NULL)
        return NULL;
    json = json_pack("{s:s, s:o}", "form", domain->dkim_cname ? "cname" : "txt",
                     "keys", keys);
    if (json == NULL)
        wxs_fail(error, "out of memory");
    return json;
}
