#ifndef ZONE_WORLD_H
#define ZONE_WORLD_H

/* All of DNS as one text in zone form, for judgements that look beyond a
 * record's own name. Names that are not in it do not exist; wildcards work;
 * whatever is below a line "; silent NAME" is not known. */

#include "verify/world.h"
#include "zone_answer.h"

#define WORLD_ANSWERS 200

typedef struct {
    wxs_world world;
    ldns_rr_list *records;
    const char *silent[8];
    size_t silents;
    const char *parent; /* NS records of the zone above, in zone form */
    wxs_dns_answer *answer[WORLD_ANSWERS];
    char *question[WORLD_ANSWERS];
    size_t answers;
    bool slow; /* every answer is awaited when it is first asked for */
} zone_world;

static inline bool
world_is_at(const ldns_rr *rr, const ldns_rdf *name)
{
    return ldns_dname_compare(ldns_rr_owner(rr), name) == 0;
}

/* Is there anything at or below the name? */
static inline bool
world_exists(const zone_world *w, const ldns_rdf *name)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(w->records); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(w->records, i);

        if (world_is_at(rr, name) ||
            ldns_dname_is_subdomain(ldns_rr_owner(rr), name)) {
            return true;
        }
    }
    return false;
}

/* The wildcard that stands for a name that does not exist (RFC 4592); NULL if
 * none does. */
static inline ldns_rdf *
world_wildcard(const zone_world *w, const ldns_rdf *name)
{
    ldns_rdf *above = ldns_dname_left_chop(name);

    while (above != NULL && ldns_dname_label_count(above) > 0) {
        ldns_rdf *star = ldns_dname_new_frm_str("*");

        ldns_dname_cat(star, above);
        bool found = world_exists(w, star);

        if (found || world_exists(w, above)) {
            ldns_rdf_deep_free(above);
            if (found) {
                return star;
            }
            ldns_rdf_deep_free(star);
            return NULL;
        }
        ldns_rdf_deep_free(star);
        ldns_rdf *next = ldns_dname_left_chop(above);

        ldns_rdf_deep_free(above);
        above = next;
    }
    ldns_rdf_deep_free(above);
    return NULL;
}

/* Puts the records of that type, after those of CNAMEs, into lines; what is at
 * the wildcard bears the name's own name. */
static inline bool
world_collect(const zone_world *w, const ldns_rdf *name, ldns_rr_type type,
              char *lines, size_t cap, int depth)
{
    ldns_rdf *star = world_exists(w, name) ? NULL : world_wildcard(w, name);
    const ldns_rdf *source = star == NULL ? name : star;
    bool exists = world_exists(w, source);

    for (size_t i = 0; i < ldns_rr_list_rr_count(w->records); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(w->records, i);
        bool alias = ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME;

        if (!world_is_at(rr, source) ||
            (ldns_rr_get_type(rr) != type && !alias)) {
            continue;
        }
        ldns_rr *copy = ldns_rr_clone(rr);

        ldns_rdf_deep_free(ldns_rr_owner(copy));
        ldns_rr_set_owner(copy, ldns_rdf_clone(name));
        char *text = ldns_rr2str(copy);

        ck_assert_uint_lt(strlen(lines) + strlen(text), cap);
        (void)strcat(lines, text);
        if (alias && type != LDNS_RR_TYPE_CNAME && depth < 8) {
            (void)world_collect(w, ldns_rr_rdf(rr, 0), type, lines, cap,
                                depth + 1);
        }
        free(text);
        ldns_rr_free(copy);
    }
    ldns_rdf_deep_free(star);
    return exists;
}

static inline bool
world_is_silent(const zone_world *w, const char *name)
{
    for (size_t i = 0; i < w->silents; i++) {
        if (wxs_name_within(name, w->silent[i])) {
            return true;
        }
    }
    return false;
}

static inline wxs_dns_answer *
world_make(const zone_world *w, wxs_via via, const char *name, uint16_t type)
{
    static char lines[40000];
    ldns_rdf *dname;

    if (world_is_silent(w, name)) {
        return wxs_dns_answer_new(WXS_DNS_TIMEOUT);
    }
    if (via == WXS_VIA_PARENT) {
        return w->parent == NULL
                   ? NULL
                   : zone_answer(name, (ldns_rr_type)type, w->parent, false);
    }
    lines[0] = '\0';
    dname = ldns_dname_new_frm_str(name);
    ck_assert_msg(dname != NULL, "%s", name);
    bool exists =
        world_collect(w, dname, (ldns_rr_type)type, lines, sizeof lines, 0);

    ldns_rdf_deep_free(dname);
    return zone_answer(name, (ldns_rr_type)type, lines, exists);
}

static inline const wxs_dns_answer *
world_ask(wxs_world *world, wxs_via via, const char *name, uint16_t type,
          bool *waits)
{
    zone_world *w = world->data;
    char question[1100];

    (void)snprintf(question, sizeof question, "%d %u %s", (int)via, type, name);
    for (size_t i = 0; i < w->answers; i++) {
        if (strcmp(w->question[i], question) == 0) {
            return w->answer[i];
        }
    }
    ck_assert_uint_lt(w->answers, WORLD_ANSWERS);
    w->question[w->answers] = strdup(question);
    w->answer[w->answers] = world_make(w, via, name, type);
    *waits = w->slow;
    return w->slow ? (w->answers++, NULL) : w->answer[w->answers++];
}

static inline void
world_open(zone_world *w, const char *text)
{
    char *copy = strdup(text);
    char *rest = copy;
    char *line;

    *w = (zone_world){.world = {.ask = world_ask, .data = w}};
    w->records = ldns_rr_list_new();
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (strncmp(line, "; silent ", 9) == 0) {
            w->silent[w->silents++] = strdup(line + 9);
        } else if (line[0] != '\0' && line[0] != ';') {
            ck_assert(ldns_rr_list_push_rr(w->records, zone_rr(line)));
        }
    }
    free(copy);
}

static inline void
world_close(zone_world *w)
{
    for (size_t i = 0; i < w->answers; i++) {
        wxs_dns_answer_free(w->answer[i]);
        free(w->question[i]);
    }
    for (size_t i = 0; i < w->silents; i++) {
        free((char *)w->silent[i]);
    }
    ldns_rr_list_deep_free(w->records);
}

#endif
