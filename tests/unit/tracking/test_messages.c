#include <check.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>

#include "../state_dir.h"
#include "clock.h"
#include "link_secret.h"
#include "log.h"
#include "message_request.h"
#include "rewrite.h"
#include "routes.h"
#include "table_build.h"
#include "uuid.h"

#define DOMAIN_ID "11111111-2222-4333-8444-555555555555"
#define ORIGIN    "http://links.acme.example"

static wxs_config config;
static wxs_context context;
static wxs_response answer;
static char key[WXS_API_KEY_TEXT];

static void
control_sql(const char *sql)
{
    state_sql(WXS_DB_CONTROL, sql);
}

/* acme.example, ready for tracking, and what else a test may stumble over */
static void
setup(void)
{
    wxs_error error = {""};

    state_dir_make();
    ck_assert(wxs_seal_key_create(state_path("link.key"), &error));
    ck_assert(wxs_config_load(&config, state_dir, NULL, &error));
    ck_assert_msg(wxs_db_migrate(state_dir, &error), "%s", error.text);
    control_sql(
        "INSERT INTO accounts (number, id, name, created_at) VALUES "
        "(101, 'a', 'own', 1), (102, 'b', 'other', 1);"
        "INSERT INTO domains (number, id, account, name, region, return_path, "
        "open_tracking, click_tracking, tls, state, state_since, created_at, "
        "deleted_at) VALUES "
        "(1, '" DOMAIN_ID "', 101, 'acme.example', 'us-east-1', 'send', 1, 1, "
        "'opportunistic', 'verified', 1, 1, NULL),"
        "(2, '22222222-2222-4333-8444-555555555555', 101, 'gone.example', "
        "'us-east-1', 'send', 1, 1, 'opportunistic', 'verified', 1, 1, 1),"
        "(3, '33333333-2222-4333-8444-555555555555', 102, 'other.example', "
        "'us-east-1', 'send', 1, 1, 'opportunistic', 'verified', 1, 1, NULL),"
        "(4, '44444444-2222-4333-8444-555555555555', 101, 'bare.example', "
        "'us-east-1', 'send', 0, 1, 'opportunistic', 'verified', 1, 1, NULL);"
        "INSERT INTO tracking_hosts (number, domain, label, host, created_at, "
        "verified_at) VALUES "
        "(1, 1, 'old', 'old.acme.example', 1, 5),"
        "(2, 1, 'links', 'links.acme.example', 2, 6),"
        "(3, 1, 'new', 'new.acme.example', 3, NULL),"
        "(4, 4, 'links', 'links.bare.example', 3, NULL);"
        "INSERT INTO records (domain, kind, fqdn, type, value, tracking_host, "
        "status) VALUES "
        "(1, 'tracking', 'old.acme.example', 'CNAME', 't', 1, 'verified'),"
        "(1, 'tracking', 'links.acme.example', 'CNAME', 't', 2, 'verified'),"
        "(1, 'tracking', 'new.acme.example', 'CNAME', 't', 3, 'pending'),"
        "(4, 'tracking', 'links.bare.example', 'CNAME', 't', 4, 'pending')");
    state_key("k1", 101, "sending_access", key);
    ck_assert_msg(wxs_write_open(state_dir, true, &error), "%s", error.text);
    context.config = &config;
    ck_assert(wxs_db_open(&context.control, state_dir, WXS_DB_CONTROL,
                          WXS_DB_READ, &error));
    ck_assert(wxs_db_open(&context.events, state_dir, WXS_DB_EVENTS,
                          WXS_DB_READ, &error));
    ck_assert_msg(wxs_tracking_service.start(&config, &context.state, &error),
                  "%s", error.text);
}

static void
teardown(void)
{
    wxs_response_clear(&answer);
    wxs_tracking_service.stop(context.state);
    wxs_db_close(context.control);
    wxs_db_close(context.events);
    wxs_write_close();
    state_dir_remove();
}

static int
post(const char *body, size_t len)
{
    static wxs_request request;
    char authorization[64];

    snprintf(authorization, sizeof(authorization), "Bearer %s", key);
    request = (wxs_request){
        .method = "POST",
        .path = "/messages",
        .query = "",
        .authorization = authorization,
        .user_agent = "test/1",
        .body = body,
        .body_len = len,
        .id = "00000000-0000-4000-8000-000000000000",
    };
    wxs_response_clear(&answer);
    wxs_service_handle(&wxs_tracking_service, &context, &request, &answer);
    if (answer.json == NULL)
        answer.json = json_loadb(answer.text, answer.text_len, 0, NULL);
    ck_assert_ptr_nonnull(answer.json);
    return answer.status;
}

static int
post_text(const char *body)
{
    return post(body, strlen(body));
}

/* Posts HTML for acme.example; members (", \"x\":1") may follow. */
static int
post_html(const char *html, const char *members)
{
    json_t *text = json_string(html);
    char *quoted = json_dumps(text, JSON_ENCODE_ANY);
    size_t size = strlen(quoted) + strlen(members) + 64;
    char *body = malloc(size);
    int status;

    ck_assert_ptr_nonnull(body);
    snprintf(body, size, "{\"domain\":\"acme.example\",\"html\":%s%s}", quoted,
             members);
    status = post_text(body);
    free(body);
    free(quoted);
    json_decref(text);
    return status;
}

static const char *
text_of(const char *name)
{
    const char *text = json_string_value(json_object_get(answer.json, name));

    ck_assert_msg(text != NULL, "no text in %s", name);
    return text;
}

static void
expect_error(int status, const char *name, const char *says)
{
    ck_assert_msg(answer.status == status, "%d: %s", answer.status,
                  json_dumps(answer.json, 0));
    ck_assert_str_eq(text_of("name"), name);
    ck_assert_msg(strstr(text_of("message"), says) != NULL, "%s lacks %s",
                  text_of("message"), says);
}

static const json_t *
link_at(size_t i)
{
    return json_array_get(json_object_get(answer.json, "links"), i);
}

static const char *
href_at(size_t i)
{
    const char *href = json_string_value(json_object_get(link_at(i), "href"));

    ck_assert_ptr_nonnull(href);
    return href;
}

static size_t
count_of(const char *name)
{
    return json_array_size(json_object_get(answer.json, name));
}

static int64_t
query(wxs_db_kind kind, const char *sql)
{
    wxs_db *db = kind == WXS_DB_CONTROL ? context.control : context.events;
    sqlite3_stmt *statement;
    int64_t value = -1;

    ck_assert_int_eq(
        sqlite3_prepare_v2(wxs_db_handle(db), sql, -1, &statement, NULL),
        SQLITE_OK);
    if (sqlite3_step(statement) == SQLITE_ROW)
        value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

/* Reads a link of acme.example back and checks its MAC. */
static void
open_token(const char *href, wxs_token_type type, wxs_token_parsed *parsed)
{
    size_t head = strlen(ORIGIN) + 3;
    uint8_t domain_id[WXS_DOMAIN_ID_SIZE];
    uint8_t message_id[WXS_MESSAGE_ID_SIZE];
    wxs_link_secret secret;
    wxs_link_key *link_key;
    wxs_error error;
    bool found;

    ck_assert_int_eq(strncmp(href, ORIGIN "/", head - 2), 0);
    ck_assert_int_eq(href[head - 2], (char)type);
    ck_assert_int_eq(href[head - 1], '/');
    ck_assert_int_eq(
        wxs_token_parse(type, href + head, strlen(href + head), parsed),
        WXS_OK);
    ck_assert(wxs_link_secret_get(context.control, context.state, 1, &found,
                                  &secret, &error));
    ck_assert(found);
    ck_assert_int_eq(
        wxs_link_key_new(secret.secret, parsed->token.key_id, &link_key),
        WXS_OK);
    ck_assert(wxs_uuid_parse(DOMAIN_ID, 36, domain_id));
    ck_assert_int_eq(wxs_token_verify(parsed, domain_id, link_key), WXS_OK);
    wxs_link_key_free(link_key);
    ck_assert(wxs_uuid_parse(text_of("id"), 36, message_id));
    ck_assert_mem_eq(parsed->token.message_id, message_id, sizeof(message_id));
}

START_TEST(rewrites_a_message)
{
    static const char *const urls[] = {"https://www.a.example/?x=1&y=2",
                                       "http://b.example/%2F",
                                       "https://www.a.example/?x=1&y=2"};
    static const char html[] =
        "<body><a href=\"https://www.a.example/?x=1&amp;y=2\">\xc3\xbc</a>"
        "<a href=http://b.example/%2F data-x></a><a href=mailto:x@y></a>"
        "<A HREF='https://www.a.example/?x=1&y=2'></A></body>";
    char expected[4096];
    char pixel[512];
    const char *src;
    wxs_token_parsed parsed;

    ck_assert_int_eq(post_html(html, ",\"text\":\"See \\u00fc\""), 201);
    ck_assert_str_eq(text_of("object"), "message");
    ck_assert_str_eq(text_of("text"), "See \xc3\xbc");
    ck_assert_uint_eq(count_of("warnings"), 0);
    ck_assert_uint_eq(count_of("links"), 3);
    for (size_t i = 0; i < 3; i++) {
        json_int_t index =
            json_integer_value(json_object_get(link_at(i), "index"));
        const wxs_token *token = &parsed.token;

        ck_assert_uint_eq((size_t)index, i);
        ck_assert_str_eq(json_string_value(json_object_get(link_at(i), "url")),
                         urls[i]);
        open_token(href_at(i), WXS_TOKEN_CLICK, &parsed);
        ck_assert_uint_eq(token->link_index, i);
        ck_assert_int_eq(token->mode, WXS_MODE_FULL);
        ck_assert_uint_eq(token->expires, 0);
        ck_assert_uint_eq(token->prefix_len + token->rest_len, strlen(urls[i]));
        ck_assert_mem_eq(token->prefix, urls[i], token->prefix_len);
        ck_assert_mem_eq(token->rest, urls[i] + token->prefix_len,
                         token->rest_len);
    }
    src = strstr(text_of("html"), "<img src=\"");
    ck_assert_ptr_nonnull(src);
    snprintf(pixel, sizeof(pixel), "%.*s", (int)strcspn(src + 10, "\""),
             src + 10);
    open_token(pixel, WXS_TOKEN_OPEN, &parsed);
    ck_assert_int_eq(parsed.token.mode, WXS_MODE_FULL);
    snprintf(expected, sizeof(expected),
             "<body><a href=\"%s\">\xc3\xbc</a>"
             "<a href=%s data-x></a><a href=mailto:x@y></a>"
             "<A HREF='%s'></A><img src=\"%s\" width=\"1\" height=\"1\" "
             "alt=\"\" style=\"display:block;border:0;width:1px;height:1px\">"
             "</body>",
             href_at(0), href_at(1), href_at(2), pixel);
    ck_assert_str_eq(text_of("html"), expected);
}
END_TEST

START_TEST(stores_the_message)
{
    char id[80];

    ck_assert_int_eq(
        post_html("x", ",\"from\":\"Acme <n@acme.example>\",\"to\":[\"a@b.c\"],"
                       "\"subject\":\"Hi\",\"tags\":{\"campaign\":\"spring\"},"
                       "\"tracking\":{\"mode\":\"anonymous\"},\"more\":[]"),
        201);
    ck_assert_int_eq(
        query(WXS_DB_EVENTS,
              "SELECT count(*) FROM messages WHERE account = 101 AND "
              "domain = 1 AND sender = 'Acme <n@acme.example>' AND "
              "recipients = '[\"a@b.c\"]' AND subject = 'Hi' AND "
              "tags = '{\"campaign\":\"spring\"}' AND mode = 1"),
        1);
    snprintf(id, sizeof(id), "%s", text_of("id"));
    ck_assert_int_eq(query(WXS_DB_EVENTS, "SELECT created_at FROM messages") /
                         10000000,
                     wxs_now_us() / 10000000);
    ck_assert_int_eq(post_text("{\"domain\":\"acme.example\",\"text\":\"x\"}"),
                     201);
    ck_assert_str_ne(text_of("id"), id);
    ck_assert_int_eq(
        query(WXS_DB_EVENTS,
              "SELECT count(*) FROM messages WHERE sender IS NULL AND "
              "recipients IS NULL AND subject IS NULL AND tags IS NULL AND "
              "mode = 3"),
        1);
}
END_TEST

static const char one_link[] = "<a href=http://a.example>";

START_TEST(does_what_the_request_asks)
{
    wxs_token_parsed parsed;

    ck_assert_int_eq(
        post_html(one_link, ",\"tracking\":{\"opens\":false,\"mode\":null}"),
        201);
    ck_assert_uint_eq(count_of("links"), 1);
    ck_assert_ptr_null(strstr(text_of("html"), "<img"));
    ck_assert_int_eq(post_html(one_link, ",\"tracking\":{\"clicks\":false}"),
                     201);
    ck_assert_uint_eq(count_of("links"), 0);
    ck_assert_ptr_nonnull(strstr(text_of("html"), "a.example><img"));
    ck_assert_uint_eq(count_of("warnings"), 0);
    ck_assert_int_eq(post_html(one_link, ",\"tracking\":{\"mode\":\"off\"}"),
                     201);
    ck_assert_str_eq(text_of("html"), one_link);
    ck_assert_uint_eq(count_of("links"), 0);
    ck_assert_uint_eq(count_of("warnings"), 0);
    ck_assert_int_eq(
        post_html(one_link, ",\"tracking\":{\"mode\":\"pseudonymous\"}"), 201);
    open_token(href_at(0), WXS_TOKEN_CLICK, &parsed);
    ck_assert_int_eq(parsed.token.mode, WXS_MODE_PSEUDONYMOUS);
    ck_assert_int_eq(post_text("{\"domain\":\"" DOMAIN_ID
                               "\",\"text\":\"http://a.example\"}"),
                     201);
    ck_assert_str_eq(text_of("text"), "http://a.example");
    ck_assert(json_is_null(json_object_get(answer.json, "html")));
    ck_assert_uint_eq(count_of("warnings"), 0);
}
END_TEST

static void
expect_untracked(const char *domain, size_t warnings, const char *first)
{
    char body[256];
    const json_t *list;

    snprintf(body, sizeof(body), "{\"domain\":\"%s\",\"html\":\"%s\"}", domain,
             one_link);
    ck_assert_int_eq(post_text(body), 201);
    ck_assert_uint_eq(count_of("warnings"), warnings);
    list = json_object_get(answer.json, "warnings");
    ck_assert_str_eq(json_string_value(json_array_get(list, 0)), first);
}

START_TEST(warns_when_it_cannot_track)
{
    expect_untracked("bare.example", 2,
                     "Clicks are not tracked: the Tracking record of "
                     "bare.example is not verified yet.");
    ck_assert_str_eq(text_of("html"), one_link);
    ck_assert_uint_eq(count_of("links"), 0);
    control_sql("UPDATE domains SET click_tracking = 0");
    expect_untracked("acme.example", 1,
                     "Clicks are not tracked: click tracking is off for "
                     "acme.example.");
    ck_assert_ptr_nonnull(strstr(text_of("html"), "<img src"));
    control_sql("UPDATE domains SET click_tracking = 1;"
                "UPDATE records SET status = 'temporary_failure' "
                "WHERE tracking_host IN (1, 2)");
    expect_untracked("acme.example", 2,
                     "Clicks are not tracked: the Tracking record of "
                     "acme.example is not verified yet.");
    ck_assert_str_eq(text_of("html"), one_link);
    control_sql("UPDATE domains SET killed_at = 5 WHERE number = 1");
    expect_untracked("acme.example", 2,
                     "Clicks are not tracked: the links of acme.example were "
                     "withdrawn.");
    ck_assert_str_eq(text_of("html"), one_link);
    control_sql("UPDATE domains SET killed_at = NULL WHERE number = 1");
    /* the older host is good enough while the newer one is not */
    control_sql("UPDATE records SET status = 'verified' "
                "WHERE tracking_host = 1");
    ck_assert_int_eq(post_html(one_link, ""), 201);
    ck_assert_int_eq(strncmp(href_at(0), "http://old.acme.example/c/", 26), 0);
}
END_TEST

static int
post_domain(const char *domain)
{
    char body[128];

    snprintf(body, sizeof(body), "{\"domain\":\"%s\",\"html\":\"x\"}", domain);
    return post_text(body);
}

START_TEST(finds_only_domains_of_the_caller)
{
    static const char *const unknown[] = {
        "gone.example",
        "other.example",
        "mail.acme.example",
        "",
        "acme",
        "22222222-2222-4333-8444-555555555555",
        "33333333-2222-4333-8444-555555555555",
        "acme.example' OR 1 --",
    };

    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        post_domain(unknown[i]);
        expect_error(404, "not_found", "Domain not found");
    }
    ck_assert_int_eq(post_domain("ACME.Example"), 201);
    ck_assert_int_eq(post_domain(DOMAIN_ID), 201);
    control_sql("UPDATE api_keys SET domain = 4");
    ck_assert_int_eq(post_domain("bare.example"), 201);
    post_domain("acme.example");
    expect_error(404, "not_found", "Domain not found");
}
END_TEST

START_TEST(refuses_what_is_malformed)
{
    static const struct {
        const char *members;
        const char *says;
    } cases[] = {
        {"\"html\":\"x\"", "`domain`"},
        {"\"domain\":1,\"html\":\"x\"", "`domain`"},
        {"\"domain\":\"acme.example\"", "`html`"},
        {"\"domain\":\"acme.example\",\"html\":null", "`html`"},
        {"\"domain\":\"acme.example\",\"html\":{}", "`html`"},
        {"\"domain\":\"acme.example\",\"text\":[]", "`text`"},
        {"\"domain\":\"acme.example\",\"text\":\"\\u0000\"", "U+0000"},
        {"\"domain\":\"acme.example\",\"text\":\"\xff\"", "UTF-8"},
        {"\"from\":1", "`from`"},
        {"\"subject\":[]", "`subject`"},
        {"\"to\":\"a@b.example\"", "`to`"},
        {"\"to\":[1]", "`to`"},
        {"\"tags\":[]", "`tags`"},
        {"\"tags\":{\"a\":1}", "`tags`"},
        {"\"tracking\":true", "`tracking`"},
        {"\"tracking\":{\"opens\":1}", "`tracking.opens`"},
        {"\"tracking\":{\"clicks\":\"yes\"}", "`tracking.clicks`"},
        {"\"tracking\":{\"mode\":\"some\"}", "`tracking.mode`"},
        {"\"tracking\":{\"mode\":3}", "`tracking.mode`"},
        {"\"tracking\":{\"links\":\"short\"}", "`tracking.links`"},
        {"\"tracking\":{\"links\":false}", "`tracking.links`"},
    };
    static const char whole[] = "\"domain\":\"acme.example\",\"html\":\"x\",";

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char body[256];
        bool part = strstr(cases[i].members, "domain") == NULL && i > 0;

        snprintf(body, sizeof(body), "{%s%s}", part ? whole : "",
                 cases[i].members);
        ck_assert_msg(post_text(body) == 422, "%s", body);
        ck_assert_msg(strstr(text_of("message"), cases[i].says) != NULL,
                      "%s: %s", body, text_of("message"));
    }
    ck_assert_int_eq(post_text("{"), 400);
    ck_assert_int_eq(query(WXS_DB_EVENTS, "SELECT count(*) FROM messages"), 0);
}
END_TEST

START_TEST(bounds_the_tags)
{
    char members[2048] = ",\"tags\":{";
    size_t len = strlen(members);

    for (int i = 0; i < 75; i++)
        len += (size_t)snprintf(members + len, sizeof(members) - len,
                                "%s\"t%d\":\"x\"", i > 0 ? "," : "", i);
    memcpy(members + len, "}", 2);
    ck_assert_int_eq(post_html("x", members), 201);
    memcpy(members + len, ",\"t75\":\"x\"}", 12);
    ck_assert_int_eq(post_html("x", members), 422);
    expect_error(422, "validation_error", "`tags`");
}
END_TEST

static int
post_large(const char *part, size_t len)
{
    char head[64];
    size_t head_len = (size_t)snprintf(
        head, sizeof(head), "{\"domain\":\"acme.example\",\"%s\":\"", part);
    char *body = malloc(head_len + len + 2);
    int status;

    ck_assert_ptr_nonnull(body);
    memcpy(body, head, head_len);
    memset(body + head_len, 'x', len);
    memcpy(body + head_len + len, "\"}", 2);
    status = post(body, head_len + len + 2);
    free(body);
    return status;
}

START_TEST(bounds_the_bodies)
{
    ck_assert_int_eq(post_large("html", WXS_BODY_PART_MAX), 201);
    ck_assert_int_eq(post_large("text", WXS_BODY_PART_MAX), 201);
    post_large("html", WXS_BODY_PART_MAX + 1);
    expect_error(413, "validation_error", "`html`");
    post_large("text", WXS_BODY_PART_MAX + 1);
    expect_error(413, "validation_error", "`text`");
    ck_assert_int_eq(post_large("text", 50 << 20), 413);
}
END_TEST

START_TEST(bounds_the_links)
{
    static const char link[] = "<a href=http://a.example>";
    size_t count = WXS_MESSAGE_LINKS_MAX + 2;
    size_t len = strlen(link);
    char *html = malloc(count * len + 1);
    const json_t *list;

    ck_assert_ptr_nonnull(html);
    for (size_t i = 0; i < count; i++)
        memcpy(html + i * len, link, len + 1);
    ck_assert_int_eq(post_html(html, ",\"tracking\":{\"opens\":false}"), 201);
    free(html);
    ck_assert_uint_eq(count_of("links"), WXS_MESSAGE_LINKS_MAX);
    list = json_object_get(answer.json, "warnings");
    ck_assert_str_eq(json_string_value(json_array_get(list, 0)),
                     "2 links are not tracked: only the first 100000 of a "
                     "message are.");
    html = strdup(text_of("html"));
    ck_assert_str_eq(html + strlen(html) - 2 * len - 1,
                     "><a "
                     "href=http://a.example><a href=http://a.example>");
    free(html);
}
END_TEST

START_TEST(leaves_own_links_alone)
{
    static const char own[] = "<a href=\"" ORIGIN "/c/x\">"
                              "<a href=\"https://LINKS.acme.example:8443/u/y\">"
                              "<a href=\"http://u@links.acme.example/o/z\">";
    static const char others[] =
        "<a href=\"" ORIGIN "/d/1\"><a href=\"" ORIGIN "/c\">"
        "<a href=\"http://b.example/" ORIGIN "/c/x\">"
        "<a href=\"" ORIGIN "@b.example/c/x\">";
    char html[512];

    snprintf(html, sizeof(html), "%s%s", own, others);
    ck_assert_int_eq(post_html(html, ""), 201);
    ck_assert_uint_eq(count_of("links"), 4);
    ck_assert_int_eq(strncmp(text_of("html"), own, strlen(own)), 0);
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(strncmp(href_at(i), ORIGIN "/c/", 28), 0);
}
END_TEST

START_TEST(mints_https_behind_a_cdn)
{
    config.edge.public_scheme = WXS_SCHEME_HTTPS;
    ck_assert_int_eq(post_html(one_link, ""), 201);
    ck_assert_int_eq(strncmp(href_at(0), "https://links.acme.example/c/", 29),
                     0);
    ck_assert_ptr_nonnull(
        strstr(text_of("html"), "<img src=\"https://links.acme.example/o/"));
}
END_TEST

START_TEST(warns_of_long_destinations)
{
    char html[9000] = "<a href=\"http://a.example/";
    const json_t *list;

    memset(html + strlen(html), 'x', 8200);
    memcpy(html + strlen(html), "\">", 3);
    ck_assert_int_eq(post_html(html, ",\"tracking\":{\"opens\":false}"), 201);
    ck_assert_str_eq(text_of("html"), html);
    ck_assert_uint_eq(count_of("links"), 0);
    list = json_object_get(answer.json, "warnings");
    ck_assert_str_eq(json_string_value(json_array_get(list, 0)),
                     "1 link is not tracked: longer than 8000 bytes.");
}
END_TEST

/* In the worker's place: builds the table anew whenever links came. */
static atomic_bool stopping;

static void *
feed(void *unused)
{
    wxs_error error = {""};
    uint64_t done = 0;
    uint64_t newest;
    wxs_db *db;

    (void)unused;
    if (!wxs_db_open(&db, state_dir, WXS_DB_CONTROL, WXS_DB_READ, &error))
        abort();
    while (!atomic_load(&stopping)) {
        if (wxs_table_newest_change(db, &newest, &error) && newest > done) {
            if (!wxs_table_build(&config, NULL, &error))
                fprintf(stderr, "%s\n", error.text);
            done = newest;
        }
        usleep(2000);
    }
    wxs_db_close(db);
    return NULL;
}

static void
expect_table_link(size_t i, uint64_t *id)
{
    wxs_token_parsed parsed;

    ck_assert_uint_le(strlen(href_at(i)), 72 + 25 - 21);
    open_token(href_at(i), WXS_TOKEN_CLICK, &parsed);
    ck_assert(parsed.token.is_table);
    ck_assert_uint_eq(parsed.token.link_index, i);
    *id = parsed.token.link_id;
}

START_TEST(keeps_table_links)
{
    char html[5000] = "<a href=http://a.example/1><a href=http://b.example>"
                      "<a href=http://a.example/1><a href=http://a.example/";
    pthread_t thread;
    uint64_t id[5];

    ck_assert_int_eq(pthread_create(&thread, NULL, feed, NULL), 0);
    ck_assert_int_eq(
        post_html("<a href=http://a.example/1><a href=http://b.example>"
                  "<a href=http://a.example/1><a href=http://a.example>",
                  ",\"tracking\":{\"links\":\"table\"}"),
        201);
    ck_assert_uint_eq(count_of("links"), 4);
    for (size_t i = 0; i < 4; i++)
        expect_table_link(i, &id[i]);
    ck_assert(id[0] == id[2] && id[0] != id[1] && id[0] != id[3]);
    ck_assert_int_eq(
        query(WXS_DB_CONTROL, "SELECT count(*) FROM links WHERE domain = 1"),
        3);
    /* one that is too long when signed */
    memset(html + strlen(html), 'x', 3000);
    memcpy(html + strlen(html), ">", 2);
    ck_assert_int_eq(post_html(html, ""), 201);
    ck_assert_uint_eq(count_of("links"), 4);
    expect_table_link(3, &id[4]);
    for (size_t i = 0; i < 3; i++) {
        wxs_token_parsed parsed;
        open_token(href_at(i), WXS_TOKEN_CLICK, &parsed);
        ck_assert(!parsed.token.is_table);
    }
    ck_assert_int_eq(query(WXS_DB_CONTROL, "SELECT count(*) FROM links WHERE "
                                           "length(url) = 3017"),
                     1);
    atomic_store(&stopping, true);
    pthread_join(thread, NULL);
}
END_TEST

START_TEST(says_when_table_links_do_not_work_yet)
{
    int64_t started = wxs_monotonic_ms();

    post_html(one_link, ",\"tracking\":{\"links\":\"table\"}");
    expect_error(503, "application_error", "try again");
    ck_assert_int_eq(answer.retry_after, 1);
    ck_assert_int_ge(wxs_monotonic_ms() - started, 2900);
    ck_assert_int_eq(query(WXS_DB_EVENTS, "SELECT count(*) FROM messages"), 0);
}
END_TEST

START_TEST(hands_out_nothing_that_is_not_stored)
{
    state_sql(WXS_DB_EVENTS, "DROP TABLE messages");
    post_html(one_link, "");
    expect_error(500, "internal_server_error", "try again");
}
END_TEST

START_TEST(follows_the_current_key)
{
    wxs_token_parsed parsed;

    ck_assert_int_eq(post_html(one_link, ""), 201);
    open_token(href_at(0), WXS_TOKEN_CLICK, &parsed);
    ck_assert_uint_eq(parsed.token.key_id, 0);
    control_sql("UPDATE link_secrets SET current_key = 7");
    ck_assert_int_eq(post_html(one_link, ""), 201);
    open_token(href_at(0), WXS_TOKEN_CLICK, &parsed);
    ck_assert_uint_eq(parsed.token.key_id, 7);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("messages");
    TCase *messages = tcase_create("messages");
    SRunner *runner;
    int failed;

    if (setenv("WAXSEAL_LOG", "error", 0) != 0)
        return 1;
    wxs_log_init("test");
    tcase_add_checked_fixture(messages, setup, teardown);
    tcase_set_timeout(messages, 60);
    tcase_add_test(messages, rewrites_a_message);
    tcase_add_test(messages, stores_the_message);
    tcase_add_test(messages, does_what_the_request_asks);
    tcase_add_test(messages, warns_when_it_cannot_track);
    tcase_add_test(messages, finds_only_domains_of_the_caller);
    tcase_add_test(messages, refuses_what_is_malformed);
    tcase_add_test(messages, bounds_the_tags);
    tcase_add_test(messages, bounds_the_bodies);
    tcase_add_test(messages, bounds_the_links);
    tcase_add_test(messages, leaves_own_links_alone);
    tcase_add_test(messages, mints_https_behind_a_cdn);
    tcase_add_test(messages, warns_of_long_destinations);
    tcase_add_test(messages, keeps_table_links);
    tcase_add_test(messages, says_when_table_links_do_not_work_yet);
    tcase_add_test(messages, hands_out_nothing_that_is_not_stored);
    tcase_add_test(messages, follows_the_current_key);
    suite_add_tcase(suite, messages);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
