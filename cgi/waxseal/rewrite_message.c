#include "rewrite_message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../tracking/message_json.h"
#include "../tracking/message_store.h"
#include "../tracking/unsubscribe.h"
#include "args.h"
#include "domain_find.h"
#include "output.h"
#include "service.h"
#include "user.h"

static const char help[] =
    "Usage: waxseal rewrite --dir DIR --domain NAME|ID [OPTIONS] < IN > OUT\n"
    "\n"
    "Makes a message trackable, as POST /messages does: HTML, or with --mime "
    "a\n"
    "whole message, comes in on standard input and goes out on standard "
    "output.\n"
    "Warnings go to standard error.\n"
    "\n"
    "  --dir DIR          the state directory\n"
    "  --config FILE      settings, if not DIR/waxseal.conf\n"
    "  --domain NAME|ID   whose links they become\n"
    "  --mime             the input is a raw message, headers and all\n"
    "  --text             the input is plain text, whose links are tracked\n"
    "  --mode MODE        off, anonymous, pseudonymous or full (the most that\n"
    "                     the domain allows)\n"
    "  --links KIND       signed or table\n"
    "  --pixel PLACE      bottom or both\n"
    "  --text-links       track the links of plain text parts too\n"
    "  --no-opens         without a pixel\n"
    "  --no-clicks        without tracking links\n"
    "  --unsubscribe      add List-Unsubscribe headers; href=\n"
    "                     \"waxseal:unsubscribe\" becomes the link\n"
    "  --json             print what POST /messages would answer\n"
    "  --help, --version\n";

/* One run of the command. */
typedef struct {
    const char *dir;
    const char *file;
    const char *domain_name;
    const char *mode;
    const char *links;
    const char *pixel;
    bool is_mime, is_text, text_links, no_opens, no_clicks, unsubscribe, json;
    wxs_config config;
    wxs_seal_key link_key;
    wxs_db *control;
    wxs_identity identity;
    wxs_tracking_domain domain;
    json_t *tracking;
    char *input;
    wxs_message_request request;
    wxs_message message;
} rewrite_order;

/* Reads all of standard input. NULL with error filled. */
static char *
read_input(size_t max, size_t *len, wxs_error *error)
{
    size_t cap = (size_t)64 << 10;
    char *text = malloc(cap + 1);
    size_t got;

    *len = 0;
    while (text != NULL &&
           (got = fread(text + *len, 1, cap - *len, stdin)) > 0) {
        *len += got;
        if (*len < cap)
            continue;
        char *more = *len > max ? NULL : realloc(text, cap * 2 + 1);
        if (more == NULL)
            free(text);
        text = more;
        cap *= 2;
    }
    if (text != NULL && *len <= max && ferror(stdin) == 0)
        return text;
    if (*len > max)
        (void)wxs_fail(error, "the input is longer than %zu bytes", max);
    else
        (void)wxs_fail(error, "cannot read the input");
    free(text);
    return NULL;
}

static bool
read_request(rewrite_order *order, wxs_error *error)
{
    wxs_message_request *request = &order->request;
    size_t len;
    char *text = read_input(order->is_mime ? WXS_MIME_MAX : WXS_BODY_PART_MAX,
                            &len, error);

    if (text == NULL)
        return false;
    *request = (wxs_message_request){
        .domain = order->domain_name,
        .unsubscribe = order->unsubscribe,
        .opens = !order->no_opens,
        .clicks = !order->no_clicks,
        .tracking = order->tracking,
    };
    order->input = text;
    if (order->is_mime) {
        request->mime = text;
        request->mime_len = len;
    } else if (order->is_text) {
        request->text = text;
        request->text_len = len;
    } else {
        request->html = text;
        request->html_len = len;
    }
    return true;
}

/* The tracking fields that the options set; false after a complaint. */
static bool
read_fields(rewrite_order *order, wxs_error *error)
{
    wxs_tracking_fields unused = {.mode = WXS_MODE_FULL};
    wxs_response refusal = {0};
    bool ok;

    order->tracking =
        json_pack("{s:s*, s:s*, s:s*, s:o*}", "mode", order->mode, "links",
                  order->links, "pixel", order->pixel, "text",
                  order->is_text || order->text_links ? json_true() : NULL);
    ok = order->tracking != NULL &&
         wxs_tracking_fields_read(order->tracking, "--", &unused, &refusal);
    if (!ok)
        (void)wxs_fail(error, "%s",
                       wxs_json_text(refusal.json, "message", "out of memory"));
    wxs_response_clear(&refusal);
    return ok;
}

static bool
find_account(rewrite_order *order, int64_t number, wxs_error *error)
{
    static const char sql[] = "SELECT account FROM domains WHERE number = ?1";
    sqlite3_stmt *row = wxs_db_prepare(order->control, sql, error);
    int step;

    if (row == NULL)
        return false;
    sqlite3_bind_int64(row, 1, number);
    step = wxs_db_step(order->control, row, error);
    order->identity.account = sqlite3_column_int64(row, 0);
    order->identity.domain = number;
    wxs_db_done(row);
    return step == 1;
}

static bool
find_domain(rewrite_order *order, wxs_error *error)
{
    wxs_found_domain found;
    int step;

    if (!wxs_domain_find(order->control, order->domain_name, &found, error) ||
        !find_account(order, found.number, error))
        return false;
    step = wxs_tracking_domain_find(order->control, &order->identity,
                                    found.name, &order->domain, error);
    if (step == 0)
        return wxs_fail(error, "%s was deleted", found.name);
    return step > 0;
}

static bool
open_state(rewrite_order *order, wxs_error *error)
{
    char path[512];

    (void)snprintf(path, sizeof path, "%s/link.key", order->dir);
    return wxs_user_settle(order->dir, NULL, error) &&
           wxs_config_load(&order->config, order->dir, order->file, error) &&
           wxs_seal_key_load(&order->link_key, path, error) &&
           wxs_write_open(order->dir, true, error) &&
           wxs_db_open(&order->control, order->dir, WXS_DB_CONTROL, WXS_DB_READ,
                       error);
}

static bool
make(rewrite_order *order, wxs_error *error)
{
    const wxs_workshop workshop = {
        .config = &order->config,
        .control = order->control,
        .link_key = &order->link_key,
        .account = order->identity.account,
    };
    wxs_status status = wxs_message_make(
        &workshop, &order->domain, &order->request, &order->message, error);

    if (status == WXS_BUSY)
        (void)wxs_fail(error, "the links are not in service: is "
                              "waxseal-worker running?");
    return status == WXS_OK &&
           wxs_message_store(&order->message, workshop.account, error);
}

static char *
write_out(const rewrite_order *order, size_t *len, wxs_error *error)
{
    const wxs_message *message = &order->message;
    char *lines, *out = NULL;

    if (message->mime == NULL) {
        out = wxs_message_body(&message->bodies[0], len);
    } else if ((lines = wxs_unsubscribe_lines(message)) != NULL) {
        out = wxs_mime_write(message->mime, lines, len, error);
        free(lines);
    }
    if (out == NULL)
        (void)wxs_fail(error, "out of memory");
    return out;
}

static bool
print_json(const wxs_message *message)
{
    wxs_json_writer text = {0};
    json_t *json = NULL;
    bool ok;

    wxs_message_json(&text, message);
    if (wxs_json_done(&text))
        json = json_loadb(text.out.data, text.out.len, 0, NULL);
    wxs_json_free(&text);
    ok = json != NULL && wxs_json_print(json);
    json_decref(json);
    return ok;
}

static bool
print(const rewrite_order *order, wxs_error *error)
{
    const json_t *warning;
    char *out = NULL;
    size_t i, len;
    bool ok;

    json_array_foreach(order->message.warnings, i, warning)
    {
        (void)fputs("waxseal rewrite: warning: ", stderr);
        wxs_print_clean(stderr, json_string_value(warning));
        (void)fputs("\n", stderr);
    }
    if (order->json) {
        ok = print_json(&order->message);
    } else {
        out = write_out(order, &len, error);
        ok = out != NULL && fwrite(out, 1, len, stdout) == len;
        free(out);
    }
    return (ok && fflush(stdout) == 0) ||
           wxs_fail(error, "cannot write the output");
}

static void
clean_up(rewrite_order *order)
{
    wxs_message_free(&order->message);
    free(order->input);
    wxs_tracking_domain_free(&order->domain);
    json_decref(order->tracking);
    wxs_seal_key_clear(&order->link_key);
    wxs_db_close(order->control);
    wxs_write_close();
}

int
wxs_rewrite_main(int argc, char **argv)
{
    static rewrite_order order;
    const wxs_option options[] = {{"dir", &order.dir, NULL},
                                  {"config", &order.file, NULL},
                                  {"domain", &order.domain_name, NULL},
                                  {"mode", &order.mode, NULL},
                                  {"links", &order.links, NULL},
                                  {"pixel", &order.pixel, NULL},
                                  {"mime", NULL, &order.is_mime},
                                  {"text", NULL, &order.is_text},
                                  {"text-links", NULL, &order.text_links},
                                  {"no-opens", NULL, &order.no_opens},
                                  {"no-clicks", NULL, &order.no_clicks},
                                  {"unsubscribe", NULL, &order.unsubscribe},
                                  {"json", NULL, &order.json},
                                  {0}};
    const wxs_command command = {"waxseal rewrite", help, options, 0};
    wxs_error error = {""};
    bool ok;

    int code = wxs_args_read(&command, argc, argv, NULL);
    if (code >= 0)
        return code;
    if (order.dir == NULL || order.domain_name == NULL)
        return wxs_misused(&command, order.dir == NULL ? "--dir is missing"
                                                       : "--domain is missing");
    if (order.is_mime && order.is_text)
        return wxs_misused(&command, "--mime and --text exclude each other");
    (void)umask(027);
    ok = read_fields(&order, &error) && open_state(&order, &error) &&
         find_domain(&order, &error) && read_request(&order, &error) &&
         make(&order, &error) && print(&order, &error);
    clean_up(&order);
    return ok ? 0 : wxs_complain(&command, &error);
}
