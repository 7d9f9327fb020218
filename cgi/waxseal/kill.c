#include "kill.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "args.h"
#include "domain_find.h"
#include "in_effect.h"
#include "kill_switch.h"
#include "link_find.h"
#include "output.h"
#include "user.h"
#include "uuid.h"

#define KILLED "Clicks answer 410, opens are not recorded."

/* One run of a command, inside one transaction of control.db. */
typedef struct {
    const char *dir;
    const char *what; /* the operand */
    bool kill;        /* or revive */
    wxs_db *control;
    bool changed;    /* false: it was so already */
    char said[9000]; /* what it is: a link with its destination, ... */
} kill_order;

static bool
describe_link(kill_order *order, int64_t id, wxs_error *error)
{
    static const char sql[] = "SELECT d.name, l.url FROM links l JOIN domains "
                              "d ON d.number = l.domain WHERE l.id = ?1";
    sqlite3_stmt *row = wxs_db_prepare(order->control, sql, error);
    int step;

    if (row == NULL)
        return false;
    sqlite3_bind_int64(row, 1, id);
    step = wxs_db_step(order->control, row, error);
    if (step == 1)
        (void)snprintf(order->said, sizeof order->said,
                       "table link %" PRId64 " of %s to %s", id,
                       (const char *)sqlite3_column_text(row, 0),
                       (const char *)sqlite3_column_text(row, 1));
    wxs_db_done(row);
    if (step == 0)
        return wxs_fail(error, "there is no table link %" PRId64, id);
    return step == 1;
}

static bool
act_link(kill_order *order, wxs_error *error)
{
    int64_t id;

    return wxs_link_find(order->control, order->dir, order->what, &id, error) &&
           describe_link(order, id, error) &&
           wxs_kill_link(order->control, id, order->kill, &order->changed,
                         error);
}

static bool
act_domain(kill_order *order, wxs_error *error)
{
    wxs_found_domain domain;

    if (!wxs_domain_find(order->control, order->what, &domain, error))
        return false;
    (void)snprintf(order->said, sizeof order->said, "%s %s",
                   domain.deleted ? "former domain" : "domain", domain.name);
    return wxs_kill_domain(order->control, domain.number, order->kill,
                           &order->changed, error);
}

/* The domain that sent the message, 0 if it was not sent through here. */
static bool
find_sender(const char *dir, const uint8_t id[WXS_UUID_SIZE], int64_t *domain,
            wxs_error *error)
{
    static const char sql[] = "SELECT domain FROM messages WHERE id = ?1";
    sqlite3_stmt *row;
    wxs_db *events;
    int step = -1;

    *domain = 0;
    if (!wxs_db_open(&events, dir, WXS_DB_EVENTS, WXS_DB_READ, error))
        return false;
    row = wxs_db_prepare(events, sql, error);
    if (row != NULL) {
        sqlite3_bind_blob(row, 1, id, WXS_UUID_SIZE, SQLITE_STATIC);
        step = wxs_db_step(events, row, error);
        if (step == 1)
            *domain = sqlite3_column_int64(row, 0);
    }
    wxs_db_done(row);
    wxs_db_close(events);
    return step >= 0;
}

static bool
describe_message(kill_order *order, const uint8_t id[WXS_UUID_SIZE],
                 int64_t sender, wxs_error *error)
{
    static const char sql[] = "SELECT name FROM domains WHERE number = ?1";
    sqlite3_stmt *row = wxs_db_prepare(order->control, sql, error);
    char text[WXS_UUID_TEXT];
    int step;

    if (row == NULL)
        return false;
    wxs_uuid_format(id, text);
    sqlite3_bind_int64(row, 1, sender);
    step = wxs_db_step(order->control, row, error);
    if (step == 1)
        (void)snprintf(order->said, sizeof order->said, "message %s of %s",
                       text, (const char *)sqlite3_column_text(row, 0));
    else
        (void)snprintf(order->said, sizeof order->said,
                       "message %s (not sent through this server, so links of "
                       "all domains that carry the id)",
                       text);
    wxs_db_done(row);
    return step >= 0;
}

static bool
act_message(kill_order *order, wxs_error *error)
{
    static const uint8_t none[WXS_UUID_SIZE];
    uint8_t id[WXS_UUID_SIZE];
    int64_t sender;

    if (!wxs_uuid_parse(order->what, strlen(order->what), id) ||
        memcmp(id, none, sizeof none) == 0)
        return wxs_fail(error, "\"%s\" is not the id of a message",
                        order->what);
    return find_sender(order->dir, id, &sender, error) &&
           describe_message(order, id, sender, error) &&
           wxs_kill_message(order->control, id, sender, order->kill,
                            &order->changed, error);
}

/* Tells what was done, and whether nginx follows it. */
static int
confirm(const kill_order *order, bool reached)
{
    (void)fputs(!order->changed ? "nothing to do: "
                : order->kill   ? "killed: "
                                : "revived: ",
                stdout);
    wxs_print_clean(stdout, order->said);
    if (!order->changed)
        (void)fputs(order->kill ? " is killed already." : " is not killed.",
                    stdout);
    else
        (void)fputs(order->kill ? ".\n" KILLED : ".", stdout);
    (void)fputs(reached ? "\nIn effect.\n"
                        : "\nNot in effect yet: it will be as soon as "
                          "waxseal-worker runs.\n",
                stdout);
    return fflush(stdout) != 0;
}

typedef bool action(kill_order *order, wxs_error *error);

static bool
carry_out(kill_order *order, action *act, bool *reached, wxs_error *error)
{
    bool ok = wxs_db_begin(order->control, error) && act(order, error) &&
              wxs_db_commit(order->control, error);

    if (!ok)
        wxs_db_rollback(order->control);
    return ok && wxs_in_effect(order->control, order->dir, reached, error);
}

static int
run(int argc, char **argv, const char *name, const char *help, bool kill,
    action *act)
{
    const char *dir = NULL, *what[WXS_OPERANDS_MAX];
    const wxs_option options[] = {{"dir", &dir, NULL}, {0}};
    const wxs_command command = {name, help, options, 1};
    static kill_order order;
    bool reached = false, ok;
    wxs_error error;

    int code = wxs_args_read(&command, argc, argv, what);
    if (code >= 0)
        return code;
    if (dir == NULL)
        return wxs_misused(&command, "--dir is missing");
    (void)umask(027);
    order = (kill_order){.dir = dir, .what = what[0], .kill = kill};
    ok = wxs_user_settle(dir, NULL, &error) &&
         wxs_db_open(&order.control, dir, WXS_DB_CONTROL, WXS_DB_WRITE,
                     &error) &&
         carry_out(&order, act, &reached, &error);
    wxs_db_close(order.control);
    return ok ? confirm(&order, reached) : wxs_complain(&command, &error);
}

#define OPTIONS_HELP                                                           \
    "\n"                                                                       \
    "  --dir DIR          the state directory\n"                               \
    "  --help, --version\n"

int
wxs_kill_link_main(int argc, char **argv)
{
    return run(argc, argv, "waxseal kill link",
               "Usage: waxseal kill link ID|URL --dir DIR\n"
               "\n"
               "Withdraws a table link, named by its id or by the whole link "
               "as it is in a\n"
               "mail: clicks on it answer 410. A signed link is stored nowhere "
               "and has no id;\n"
               "kill its message instead.\n" OPTIONS_HELP,
               true, act_link);
}

int
wxs_unkill_link_main(int argc, char **argv)
{
    return run(argc, argv, "waxseal unkill link",
               "Usage: waxseal unkill link ID|URL --dir DIR\n"
               "\n"
               "Lets a table link that was killed work again.\n" OPTIONS_HELP,
               false, act_link);
}

int
wxs_kill_message_main(int argc, char **argv)
{
    return run(argc, argv, "waxseal kill message",
               "Usage: waxseal kill message ID --dir DIR\n"
               "\n"
               "Withdraws all links of a message: clicks answer 410, opens are "
               "not recorded.\n" OPTIONS_HELP,
               true, act_message);
}

int
wxs_unkill_message_main(int argc, char **argv)
{
    return run(argc, argv, "waxseal unkill message",
               "Usage: waxseal unkill message ID --dir DIR\n"
               "\n"
               "Lets the links of a message that was killed work "
               "again.\n" OPTIONS_HELP,
               false, act_message);
}

int
wxs_kill_domain_main(int argc, char **argv)
{
    return run(argc, argv, "waxseal kill domain",
               "Usage: waxseal kill domain NAME|ID --dir DIR\n"
               "\n"
               "Withdraws all links of a domain, also of one that was deleted: "
               "clicks answer\n"
               "410, opens are not recorded. New messages are not "
               "tracked.\n" OPTIONS_HELP,
               true, act_domain);
}

int
wxs_unkill_domain_main(int argc, char **argv)
{
    return run(
        argc, argv, "waxseal unkill domain",
        "Usage: waxseal unkill domain NAME|ID --dir DIR\n"
        "\n"
        "Lets the links of a domain that was killed work again.\n" OPTIONS_HELP,
        false, act_domain);
}
