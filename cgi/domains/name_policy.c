#include "name_policy.h"

#include <string.h>

#include "freemail.h"

static const char *const special_use[] = {
    "alt",         "arpa",        "example",  "example.com",
    "example.net", "example.org", "internal", "invalid",
    "local",       "localhost",   "onion",    "test",
};

#define SPECIAL_USE (sizeof(special_use) / sizeof(special_use[0]))

/* Is the name the suffix, or below it? */
static bool
is_under(const char *name, const char *suffix, size_t suffix_len)
{
    size_t len = strlen(name);

    if (suffix_len == 0 || len < suffix_len ||
        memcmp(name + len - suffix_len, suffix, suffix_len) != 0)
        return false;
    return len == suffix_len || name[len - suffix_len - 1] == '.';
}

static bool
is_excepted(const char *name, const char *suffixes)
{
    while (*suffixes != '\0') {
        size_t len = strcspn(suffixes, " ");
        if (is_under(name, suffixes, len))
            return true;
        suffixes += len;
        suffixes += strspn(suffixes, " ");
    }
    return false;
}

static const char *
special_suffix(const char *name)
{
    for (size_t i = 0; i < SPECIAL_USE; i++) {
        if (is_under(name, special_use[i], strlen(special_use[i])))
            return special_use[i];
    }
    return NULL;
}

bool
wxs_name_allowed(const char *name, const psl_ctx_t *psl,
                 const wxs_name_rules *rules, wxs_error *error)
{
    const char *special = special_suffix(name);

    if (is_excepted(name, rules->refuse))
        return wxs_fail(error,
                        "The `name` field is a domain that the operator of "
                        "this server refuses: `%s`.",
                        name);
    if (special != NULL && !is_excepted(name, rules->allow_special))
        return wxs_fail(error,
                        "The `name` field is below `%s`, which is reserved "
                        "and has no mail.",
                        special);
    if (psl_is_public_suffix(psl, name) &&
        !is_excepted(name, rules->allow_suffixes))
        return wxs_fail(error,
                        "The `name` field is a public suffix: `%s` belongs to "
                        "many owners. Use a domain of your own below it.",
                        name);
    if (wxs_freemail(wxs_name_registrable(name, psl)) &&
        !is_excepted(name, rules->allow_freemail))
        return wxs_fail(error,
                        "The `name` field is the domain of a mailbox "
                        "provider: `%s` is not yours to send from.",
                        name);
    return true;
}

const char *
wxs_name_registrable(const char *name, const psl_ctx_t *psl)
{
    const char *registrable = psl_registrable_domain(psl, name);

    return registrable != NULL ? registrable : name;
}
