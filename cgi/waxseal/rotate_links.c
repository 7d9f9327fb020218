#include "rotate_links.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../../core/table.h"
#include "args.h"
#include "domain_find.h"
#include "in_effect.h"
#include "user.h"

#define KEY_ID_MAX 255
#define ROTATE     (-1) /* no key to revoke */

/* The key ids of a domain, as its row of link_secrets has them. */
typedef struct {
    wxs_found_domain domain;
    int current;
    uint8_t valid[WXS_VALID_KEYS_SIZE];
} key_ring;

static bool
is_valid(const key_ring *ring, int id)
{
    return (ring->valid[id / 8] & 1u << id % 8) != 0;
}

static bool
read_ring(wxs_db *control, key_ring *ring, wxs_error *error)
{
    static const char sql[] =
        "SELECT current_key, valid_keys FROM link_secrets WHERE domain = ?1";
    sqlite3_stmt *row = wxs_db_prepare(control, sql, error);
    int step;

    if (row == NULL)
        return false;
    sqlite3_bind_int64(row, 1, ring->domain.number);
    step = wxs_db_step(control, row, error);
    if (step == 1 && sqlite3_column_bytes(row, 1) == sizeof ring->valid) {
        ring->current = sqlite3_column_int(row, 0);
        memcpy(ring->valid, sqlite3_column_blob(row, 1), sizeof ring->valid);
    } else if (step == 1) {
        step = -1;
        (void)wxs_fail(error, "the link keys of %s are damaged",
                       ring->domain.name);
    }
    wxs_db_done(row);
    if (step == 0)
        return wxs_fail(error,
                        "%s has no link keys yet: it gets them with its first "
                        "tracking host",
                        ring->domain.name);
    return step == 1;
}

static bool
write_ring(wxs_db *control, const key_ring *ring, wxs_error *error)
{
    static const char sql[] = "UPDATE link_secrets SET current_key = ?2, "
                              "valid_keys = ?3 WHERE domain = ?1";
    sqlite3_stmt *update = wxs_db_prepare(control, sql, error);

    if (update == NULL)
        return false;
    sqlite3_bind_int64(update, 1, ring->domain.number);
    sqlite3_bind_int(update, 2, ring->current);
    sqlite3_bind_blob(update, 3, ring->valid, sizeof ring->valid,
                      SQLITE_STATIC);
    return wxs_db_run(control, update, error);
}

/* Ids only ever go up, so that a revoked one never comes back to life. */
static bool
add_next(key_ring *ring, wxs_error *error)
{
    int next = ring->current + 1;

    if (next > KEY_ID_MAX)
        return wxs_fail(error, "%s has used all of its %d link keys",
                        ring->domain.name, KEY_ID_MAX + 1);
    ring->valid[next / 8] |= (uint8_t)(1u << next % 8);
    return true;
}

static bool
take_next(key_ring *ring, wxs_error *error)
{
    if (ring->current == KEY_ID_MAX || !is_valid(ring, ring->current + 1))
        return wxs_fail(error, "the link keys of %s were changed meanwhile",
                        ring->domain.name);
    ring->current++;
    return true;
}

static bool
revoke(key_ring *ring, int id, wxs_error *error)
{
    if (id > ring->current || !is_valid(ring, id))
        return wxs_fail(error, "%s has no valid key %d", ring->domain.name, id);
    if (id == ring->current)
        return wxs_fail(error,
                        "links are made with key %d: rotate before you revoke "
                        "it",
                        id);
    ring->valid[id / 8] &= (uint8_t) ~(1u << id % 8);
    return true;
}

/* The step of a rotation that one transaction takes. */
typedef enum {
    STEP_ADD,
    STEP_TAKE,
    STEP_REVOKE,
} ring_step;

static bool
take_step(wxs_db *control, key_ring *ring, ring_step step, int id,
          wxs_error *error)
{
    bool ok = wxs_db_begin(control, error) && read_ring(control, ring, error);

    if (ok && step == STEP_ADD)
        ok = add_next(ring, error);
    else if (ok && step == STEP_TAKE)
        ok = take_next(ring, error);
    else if (ok)
        ok = revoke(ring, id, error);
    ok =
        ok && write_ring(control, ring, error) && wxs_db_commit(control, error);
    if (!ok)
        wxs_db_rollback(control);
    return ok;
}

/* nginx must know the new key before anybody makes links with it. */
static bool
rotate(wxs_db *control, const char *dir, key_ring *ring, wxs_error *error)
{
    bool reached;

    if (!take_step(control, ring, STEP_ADD, 0, error) ||
        !wxs_in_effect(control, dir, &reached, error))
        return false;
    if (!reached)
        return wxs_fail(error,
                        "nginx does not know the new key yet, so links are "
                        "made with key %d as before; do this again when "
                        "waxseal-worker runs",
                        ring->current);
    return take_step(control, ring, STEP_TAKE, 0, error);
}

static bool
change_keys(const char *dir, const char *what, int id, key_ring *ring,
            bool *reached, wxs_error *error)
{
    wxs_db *control = NULL;
    bool ok = wxs_db_open(&control, dir, WXS_DB_CONTROL, WXS_DB_WRITE, error) &&
              wxs_domain_find(control, what, &ring->domain, error);

    if (ok && id == ROTATE)
        ok = rotate(control, dir, ring, error);
    else if (ok)
        ok = take_step(control, ring, STEP_REVOKE, id, error);
    ok = ok && wxs_in_effect(control, dir, reached, error);
    wxs_db_close(control);
    return ok;
}

static int
confirm(const key_ring *ring, int revoked, bool reached)
{
    (void)printf("%s: ", ring->domain.name);
    if (revoked != ROTATE)
        (void)printf("links made with key %d answer 404 from now on. ",
                     revoked);
    (void)printf("New links are made with key %d; valid keys:", ring->current);
    for (int id = 0; id <= ring->current; id++)
        if (is_valid(ring, id))
            (void)printf(" %d", id);
    (void)puts(reached ? ".\nIn effect."
                       : ".\nNot in effect yet: it will be as soon as "
                         "waxseal-worker runs.");
    return fflush(stdout) != 0;
}

/* Reads 0 to 255. */
static bool
read_id(const char *text, int *id)
{
    size_t len = strlen(text);

    if (len == 0 || len > 3 || strspn(text, "0123456789") != len)
        return false;
    *id = atoi(text);
    return *id <= KEY_ID_MAX;
}

int
wxs_domain_rotate_links_main(int argc, char **argv)
{
    static const char help[] =
        "Usage: waxseal domain rotate-links NAME|ID --dir DIR [--revoke KEY]\n"
        "\n"
        "Makes new links of a domain with a new key. Links made with the "
        "former ones work\n"
        "on.\n"
        "\n"
        "  --dir DIR          the state directory\n"
        "  --revoke KEY       in place of that: links made with the former key "
        "of this\n"
        "                     number (0 to 255) answer 404 for ever\n"
        "  --help, --version\n";
    const char *dir = NULL, *revoked = NULL, *what[WXS_OPERANDS_MAX];
    const wxs_option options[] = {
        {"dir", &dir, NULL}, {"revoke", &revoked, NULL}, {0}};
    const wxs_command command = {"waxseal domain rotate-links", help, options,
                                 1};
    bool reached = false;
    int id = ROTATE;
    key_ring ring;
    wxs_error error;

    int code = wxs_args_read(&command, argc, argv, what);
    if (code >= 0)
        return code;
    if (dir == NULL)
        return wxs_misused(&command, "--dir is missing");
    if (revoked != NULL && !read_id(revoked, &id))
        return wxs_misused(&command, "--revoke is the number of a key, 0 to "
                                     "255");
    (void)umask(027);
    if (!wxs_user_settle(dir, NULL, &error) ||
        !change_keys(dir, what[0], id, &ring, &reached, &error))
        return wxs_complain(&command, &error);
    return confirm(&ring, id, reached);
}
