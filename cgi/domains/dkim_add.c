#include "dkim_add.h"

#include <stdio.h>
#include <string.h>

#include "dkim_pool.h"

#define RETRY_S   2
#define ID_DIGITS 16

static wxs_dkim_added
insert(wxs_db *db, const wxs_domain *domain, const wxs_dkim_wish *wish,
       int64_t now, wxs_dkim_key *key, wxs_error *error)
{
    int is_free = 1;

    key->imported = wish->imported;
    memcpy(key->selector, wish->selector, sizeof(key->selector));
    if (wish->imported)
        is_free =
            wxs_dkim_selector_free(db, domain->name, wish->selector, error);
    else if (!wxs_dkim_next_selector(db, domain->name, key->selector, error))
        is_free = -1;
    if (is_free == 0)
        return WXS_DKIM_SELECTOR_TAKEN;
    return is_free == 1 && wxs_dkim_insert(db, &wish->box, domain->number,
                                           &wish->pair, now, key, error)
               ? WXS_DKIM_ADDED
               : WXS_DKIM_FAILED;
}

wxs_dkim_added
wxs_dkim_add(wxs_db *db, const wxs_domain *domain, const wxs_dkim_wish *wish,
             int64_t now, wxs_dkim_key *key, wxs_error *error)
{
    memset(key, 0, sizeof(*key));
    if (wish->pair.private_len > 0)
        return insert(db, domain, wish, now, key, error);
    switch (wxs_dkim_take(db, domain->number, domain->name, now, key, error)) {
    case 1:
        return WXS_DKIM_ADDED;
    case 0:
        return WXS_DKIM_POOL_EMPTY;
    }
    return WXS_DKIM_FAILED;
}

wxs_record_key
wxs_dkim_record_key(const wxs_domain *domain, const wxs_dkim_key *key,
                    const wxs_config *config, char target[WXS_DKIM_TARGET_TEXT])
{
    char id[ID_DIGITS + 1];
    size_t n = 0;

    for (const char *c = domain->id; *c != '\0' && n < ID_DIGITS; c++) {
        if (*c != '-')
            id[n++] = *c;
    }
    id[n] = '\0';
    (void)snprintf(target, WXS_DKIM_TARGET_TEXT, "%.*s-%s.%s",
                   WXS_LABEL_MAX - ID_DIGITS - 1, key->selector, id,
                   config->dkim.zone);
    return (wxs_record_key){
        .selector = key->selector,
        .public_key = key->public_key,
        .ed25519 = wxs_dkim_is_ed25519(key),
        .target =
            domain->dkim_cname && config->dkim.zone[0] != '\0' ? target : NULL,
    };
}

void
wxs_dkim_answer(wxs_dkim_added result, const wxs_dkim_wish *wish,
                const wxs_request *request, const wxs_error *error,
                wxs_response *response)
{
    switch (result) {
    case WXS_DKIM_ADDED:
        break;
    case WXS_DKIM_POOL_EMPTY:
        wxs_answer_error(response, 503, "application_error",
                         "DKIM keys are being generated. Please try again in "
                         "a few seconds.");
        response->retry_after = RETRY_S;
        break;
    case WXS_DKIM_SELECTOR_TAKEN:
        wxs_answer_error(response, 422, "validation_error",
                         "The `selector` field cannot be `%s`: a key of this "
                         "domain had it before, or it is of the form that "
                         "Waxseal's own selectors have.",
                         wish->selector);
        break;
    case WXS_DKIM_FAILED:
        wxs_answer_internal(response, request, error);
        break;
    }
}
