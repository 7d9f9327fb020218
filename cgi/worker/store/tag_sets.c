#include "tag_sets.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "item_id.h"

#define SETS_MAX 8192
#define BUCKETS  (sizeof((wxs_tag_sets *)0)->bucket / sizeof(wxs_tag_set *))

static size_t
bucket_of(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * UINT64_C(1099511628211);
    return (size_t)((hash >> 20) % BUCKETS);
}

static void
free_set(wxs_tag_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        free(set->tag[i].name);
        free(set->tag[i].value);
    }
    free(set->text);
    free(set);
}

static bool
add_tag(wxs_tag_set *set, const char *name, const char *value)
{
    wxs_tag *tag = &set->tag[set->count];

    tag->name = strdup(name);
    tag->value = strdup(value);
    if (tag->name == NULL || tag->value == NULL) {
        free(tag->name);
        free(tag->value);
        return false;
    }
    tag->item = wxs_item_id(name, strlen(name), value, strlen(value));
    set->count++;
    return true;
}

/* Reads {"name": "value"}; what is not text is no tag. */
static bool
parse(wxs_tag_set *set)
{
    json_t *json = json_loads(set->text, 0, NULL), *value;
    const char *name;
    bool ok = true;

    json_object_foreach(json, name, value)
    {
        if (ok && json_is_string(value) && set->count < WXS_TAGS_A_MESSAGE)
            ok = add_tag(set, name, json_string_value(value));
    }
    json_decref(json);
    return ok;
}

static wxs_tag_set *
make_set(const char *text)
{
    wxs_tag_set *set = calloc(1, sizeof *set);

    if (set == NULL)
        return NULL;
    set->text = strdup(text);
    if (set->text != NULL && parse(set))
        return set;
    free_set(set);
    return NULL;
}

static const wxs_tag_set *
find_set(wxs_tag_sets *sets, const char *text)
{
    wxs_tag_set **place = &sets->bucket[bucket_of(text)], *set;

    for (set = *place; set != NULL; set = set->next)
        if (strcmp(set->text, text) == 0)
            return set;
    set = make_set(text);
    if (set != NULL) {
        set->next = *place;
        *place = set;
        sets->count++;
    }
    return set;
}

bool
wxs_tag_sets_of(wxs_tag_sets *sets, wxs_db *events, const uint8_t message[16],
                const wxs_tag_set **set, wxs_error *error)
{
    static const char sql[] = "SELECT tags FROM messages WHERE id = ?1";
    sqlite3_stmt *row = wxs_db_prepare(events, sql, error);
    const char *text = NULL;
    bool ok = true;
    int found;

    *set = NULL;
    if (row == NULL)
        return false;
    sqlite3_bind_blob(row, 1, message, 16, SQLITE_STATIC);
    found = wxs_db_step(events, row, error);
    if (found == 1)
        text = (const char *)sqlite3_column_text(row, 0);
    if (text != NULL) {
        *set = find_set(sets, text);
        ok = *set != NULL || wxs_fail(error, "out of memory");
    }
    wxs_db_done(row);
    return ok && found >= 0;
}

void
wxs_tag_sets_clear(wxs_tag_sets *sets)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        while (sets->bucket[i] != NULL) {
            wxs_tag_set *set = sets->bucket[i];

            sets->bucket[i] = set->next;
            free_set(set);
        }
    }
    sets->count = 0;
}

void
wxs_tag_sets_trim(wxs_tag_sets *sets)
{
    if (sets->count > SETS_MAX)
        wxs_tag_sets_clear(sets);
}
