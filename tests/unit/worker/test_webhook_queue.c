/* The queue of webhook deliveries, their signatures and payloads */
#include <jansson.h>
#include <openssl/evp.h>

#include "deliver/domain_payload.h"
#include "deliver/email_payload.h"
#include "deliver/queue.h"
#include "deliver/schedule.h"
#include "deliver/sign.h"
#include "state.h"

#define HOOK 5

static state s;
static wxs_db *db;
static wxs_error error;
static wxs_schedule schedule = {.count = 3, .pause_us = {0, 10, 100}};

static void
setup(void)
{
    state_make(&s);
    db = state_open(&s, WXS_DB_WEBHOOKS);
}

static void
teardown(void)
{
    wxs_db_close(db);
    state_remove(&s);
}

#define OK(call) ck_assert_msg(call, "%s", error.text)

/* Queues one message for the webhook; returns its number. */
static int64_t
queue_one(int64_t webhook, const char *id, int64_t due)
{
    int64_t message;

    OK(wxs_queue_message(db, id, "domain.created", 1, "{}", &message, &error));
    OK(wxs_queue_delivery(db, webhook, message, due, &error));
    return message;
}

static size_t
take(int64_t webhook, int64_t now)
{
    wxs_delivery taken[64];
    size_t count;

    OK(wxs_queue_take(db, webhook, now, taken, 64, &count, &error));
    for (size_t i = 0; i < count; i++) {
        ck_assert_str_eq(taken[i].payload, "{}");
        free(taken[i].payload);
    }
    return count;
}

static int64_t
end(int64_t message, int64_t at, bool success)
{
    const wxs_outcome outcome = {.webhook = HOOK,
                                 .message = message,
                                 .sent_at = at,
                                 .ended_at = at,
                                 .http = success ? 204 : 500,
                                 .success = success,
                                 .response = "r"};
    int64_t since = -1;

    OK(wxs_queue_finish(db, &outcome, &schedule, &since, &error));
    return since;
}

static int64_t
next(void)
{
    int64_t at;

    OK(wxs_queue_next(db, &at, &error));
    return at;
}

#define STATUS(word)                                                           \
    db_number(db, "SELECT count(*) FROM deliveries WHERE status = '" word "'")

START_TEST(signs_as_svix_does)
{
    /* the example of Svix's documentation */
    static const char key[] = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    static const char payload[] = "{\"test\": 2432232314}";
    unsigned char secret[WXS_WEBHOOK_SECRET_SIZE];
    char signature[WXS_SIGNATURE_TEXT], text[WXS_WEBHOOK_SECRET_TEXT];

    ck_assert_int_eq(EVP_DecodeBlock(secret, (const unsigned char *)key, 32),
                     24);
    ck_assert(wxs_sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                       payload, strlen(payload), signature));
    ck_assert_str_eq(signature,
                     "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    wxs_webhook_secret_text(secret, text);
    ck_assert_str_eq(text, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
}
END_TEST

START_TEST(reads_the_schedule)
{
    wxs_schedule read;

    wxs_schedule_read(&s.config, &read);
    ck_assert_uint_eq(read.count, 8);
    ck_assert_int_eq(read.pause_us[0], 0);
    ck_assert_int_eq(read.pause_us[1], 5000000);
    ck_assert_int_eq(read.pause_us[7], INT64_C(36000) * 1000000);
}
END_TEST

START_TEST(follows_the_schedule)
{
    int64_t message = queue_one(HOOK, "msg_1", 1000);

    ck_assert_int_eq(next(), 1000);
    ck_assert_uint_eq(take(HOOK, 999), 0);
    ck_assert_uint_eq(take(HOOK, 1000), 1);
    ck_assert_uint_eq(take(HOOK, 1000), 0); /* it is under way */
    ck_assert_int_eq(next(), INT64_MAX);
    ck_assert_int_eq(end(message, 2000, false), 2000);
    ck_assert_int_eq(STATUS("attempting"), 1);
    ck_assert_int_eq(next(), 2010);
    ck_assert_uint_eq(take(HOOK, 3000), 1);
    ck_assert_int_eq(end(message, 3000, false), 2000);
    ck_assert_int_eq(next(), 3100);
    ck_assert_uint_eq(take(HOOK, 4000), 1);
    ck_assert_int_eq(end(message, 4000, false), 2000);
    ck_assert_int_eq(STATUS("failed"), 1);
    ck_assert_int_eq(next(), INT64_MAX);
    ck_assert_int_eq(db_number(db, "SELECT count(*) FROM attempts"), 3);
    ck_assert_int_eq(db_number(db, "SELECT in_flight FROM endpoints"), 0);
}
END_TEST

START_TEST(a_success_ends_it)
{
    int64_t message = queue_one(HOOK, "msg_1", 0);

    ck_assert_uint_eq(take(HOOK, 1), 1);
    ck_assert_int_gt(end(message, 2, false), 0);
    ck_assert_uint_eq(take(HOOK, 20), 1);
    ck_assert_int_eq(end(message, 20, true), 0);
    ck_assert_int_eq(STATUS("success"), 1);
    ck_assert_int_eq(next(), INT64_MAX);
}
END_TEST

START_TEST(a_replay_begins_again)
{
    int64_t message = queue_one(HOOK, "msg_1", 0);

    for (int64_t at = 1; at < 3000; at += 1000) {
        ck_assert_uint_eq(take(HOOK, at), 1);
        (void)end(message, at, false);
    }
    ck_assert_int_eq(STATUS("failed"), 1);
    OK(wxs_queue_replay(db, HOOK, "msg_1", 5000, &error));
    OK(wxs_queue_replay(db, HOOK, "msg_2", 5000, &error)); /* unknown */
    OK(wxs_queue_replay(db, HOOK + 1, "msg_1", 5000, &error));
    ck_assert_int_eq(next(), 5000);
    ck_assert_uint_eq(take(HOOK, 5000), 1);
    /* one that is under way is begun again if it fails */
    OK(wxs_queue_replay(db, HOOK, "msg_1", 6000, &error));
    ck_assert_uint_eq(take(HOOK, 7000), 0);
    (void)end(message, 7000, false);
    ck_assert_int_eq(STATUS("attempting"), 1);
    ck_assert_int_eq(next(), 7010);
    ck_assert_int_eq(db_number(db, "SELECT count(*) FROM endpoints"), 1);
}
END_TEST

START_TEST(what_was_under_way_is_due_again)
{
    queue_one(HOOK, "msg_1", 100);
    queue_one(HOOK, "msg_2", 200);
    queue_one(HOOK, "msg_3", 300);
    ck_assert_uint_eq(take(HOOK, 200), 2);
    ck_assert_int_eq(next(), 300);
    OK(wxs_queue_recover(db, &error));
    ck_assert_int_eq(next(), 100);
    ck_assert_int_eq(db_number(db, "SELECT in_flight FROM endpoints"), 0);
    ck_assert_uint_eq(take(HOOK, 300), 3);
}
END_TEST

START_TEST(a_message_is_queued_once)
{
    int64_t message;

    queue_one(HOOK, "msg_1", 0);
    OK(wxs_queue_message(db, "msg_1", "domain.created", 1, "{}", &message,
                         &error));
    ck_assert_int_eq(message, 0);
    ck_assert_int_eq(db_number(db, "SELECT count(*) FROM messages"), 1);
}
END_TEST

START_TEST(an_endpoint_has_limited_room)
{
    int64_t ready[8];
    size_t count;
    char id[16];

    for (int i = 0; i < 40; i++) {
        (void)snprintf(id, sizeof id, "msg_%d", i);
        queue_one(HOOK, id, i);
    }
    queue_one(HOOK + 1, "msg_other", 50);
    OK(wxs_queue_ready(db, 100, ready, 8, &count, &error));
    ck_assert_uint_eq(count, 2);
    ck_assert_int_eq(ready[0], HOOK);
    ck_assert_uint_eq(take(HOOK, 100), WXS_ENDPOINT_FLIGHT);
    OK(wxs_queue_ready(db, 100, ready, 8, &count, &error));
    ck_assert_uint_eq(count, 1); /* however much waits for the other one */
    ck_assert_int_eq(ready[0], HOOK + 1);
    ck_assert_int_eq(next(), 50);
    /* one failure, and there is less room */
    (void)end(1, 100, false);
    OK(wxs_queue_ready(db, 100, ready, 8, &count, &error));
    ck_assert_uint_eq(count, 1);
    for (int64_t m = 2; m <= WXS_ENDPOINT_FLIGHT - 3; m++)
        (void)end(m, 100, false);
    ck_assert_uint_eq(take(HOOK, 100), WXS_FAILING_FLIGHT - 3);
    ck_assert_int_eq(end(14, 100, true), 0);
    ck_assert_uint_eq(take(HOOK, 100),
                      WXS_ENDPOINT_FLIGHT - WXS_FAILING_FLIGHT + 1);
}
END_TEST

START_TEST(waiting_deliveries_can_be_stopped)
{
    int64_t message = queue_one(HOOK, "msg_1", 100);

    queue_one(HOOK, "msg_2", 200);
    ck_assert_uint_eq(take(HOOK, 100), 1);
    OK(wxs_queue_stop(db, HOOK, false, &error));
    ck_assert_int_eq(STATUS("failed"), 1);
    ck_assert_int_eq(next(), INT64_MAX);
    (void)end(message, 100, false);
    OK(wxs_queue_stop(db, HOOK, true, &error));
    ck_assert_int_eq(db_number(db, "SELECT count(*) FROM deliveries"), 1);
    ck_assert_int_eq(db_number(db, "SELECT count(*) FROM attempts"), 0);
    (void)end(message, 100, false); /* it is gone */
    ck_assert_int_eq(db_number(db, "SELECT count(*) FROM attempts"), 0);
}
END_TEST

START_TEST(old_messages_go_unless_somebody_waits)
{
    int64_t message = queue_one(HOOK, "msg_1", 0);
    int count;

    ck_assert_uint_eq(take(HOOK, 1), 1);
    (void)end(message, 1, true);
    queue_one(HOOK, "msg_2", 0);
    OK(wxs_queue_purge(db, 1, &count, &error));
    ck_assert_int_eq(count, 0); /* not old enough */
    OK(wxs_queue_purge(db, 2, &count, &error));
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(db_number(db, "SELECT count(*) FROM messages"), 1);
    ck_assert_int_eq(db_number(db, "SELECT count(*) FROM deliveries"), 1);
    ck_assert_int_eq(db_number(db, "SELECT count(*) FROM attempts"), 0);
}
END_TEST

START_TEST(failures_before_it_was_enabled_do_not_count)
{
    int64_t message = queue_one(HOOK, "msg_1", 0), since;
    wxs_outcome outcome = {.webhook = HOOK,
                           .message = message,
                           .sent_at = 5000,
                           .ended_at = 5000,
                           .enabled_at = 4000,
                           .response = ""};

    ck_assert_uint_eq(take(HOOK, 1), 1);
    ck_assert_int_eq(end(message, 1, false), 1);
    ck_assert_uint_eq(take(HOOK, 100), 1);
    OK(wxs_queue_finish(db, &outcome, &schedule, &since, &error));
    ck_assert_int_eq(since, 5000);
}
END_TEST

static const struct {
    const char *state;
    const char *status;
} states[] = {{"not_started", "not_started"},
              {"pending", "pending"},
              {"verified", "verified"},
              {"failed", "failed"},
              {"temporary_failure", "verified"}};

START_TEST(domains_are_told_in_words_that_clients_know)
{
    psl_ctx_t *psl = psl_latest(NULL);
    char snapshot[512];
    char *text;
    json_t *json, *data;

    (void)snprintf(
        snapshot, sizeof snapshot,
        "{\"id\":\"i\",\"name\":\"mail.a.co.uk\",\"state\":\"%s\","
        "\"created_at\":1,\"region\":\"us-east-1\",\"open_tracking\":1,"
        "\"click_tracking\":0,\"tracking_subdomain\":null,\"records\":["
        "{\"kind\":\"mx\",\"fqdn\":\"send.mail.a.co.uk\",\"type\":\"MX\","
        "\"value\":\"b\",\"status\":\"pending\",\"priority\":10},"
        "{\"kind\":\"dmarc\",\"fqdn\":\"_dmarc.mail.a.co.uk\"}]}",
        states[_i].state);
    text = wxs_domain_payload("domain.updated", 2000000, snapshot, psl);
    ck_assert_ptr_nonnull(text);
    json = json_loads(text, 0, NULL);
    data = json_object_get(json, "data");
    ck_assert_uint_eq(json_object_size(json), 3);
    ck_assert_str_eq(json_string_value(json_object_get(data, "status")),
                     states[_i].status);
    ck_assert_str_eq(json_string_value(json_object_get(data, "state")),
                     states[_i].state);
    ck_assert_ptr_null(json_object_get(data, "tracking_subdomain"));
    ck_assert_uint_eq(json_array_size(json_object_get(data, "records")), 1);
    data = json_array_get(json_object_get(data, "records"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(data, "name")),
                     "send.mail");
    ck_assert_int_eq(json_integer_value(json_object_get(data, "priority")), 10);
    ck_assert_ptr_null(
        wxs_domain_payload("domain.updated", 1, "{\"id\":", psl));
    json_decref(json);
    free(text);
    psl_free(psl);
}
END_TEST

static const struct {
    char type;
    bool message;
    const char *told;
} kinds[] = {{'o', true, "email.opened"},
             {'c', true, "email.clicked"},
             {'u', true, NULL},
             {'c', false, NULL}};

START_TEST(events_without_a_message_are_not_told)
{
    static const uint8_t id[16];
    const wxs_event_row event = {.id = 1,
                                 .account = 1,
                                 .type = kinds[_i].type,
                                 .at = 1,
                                 .message = kinds[_i].message ? id : NULL,
                                 .domain = 1,
                                 .link = "l",
                                 .link_len = 1,
                                 .agent = "\xff"
                                          "A",
                                 .agent_len = 2,
                                 .verdict = WXS_VERDICT_HUMAN,
                                 .reason = "r"};
    const char *type = wxs_email_type(&event);
    sqlite3_stmt *row = NULL;
    char *text;

    if (kinds[_i].told == NULL) {
        ck_assert_ptr_null(type);
        return;
    }
    ck_assert_int_eq(sqlite3_prepare_v2(wxs_db_handle(db),
                                        "SELECT NULL, NULL, 'no json', NULL, "
                                        "'[]', NULL, NULL",
                                        -1, &row, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(row), SQLITE_ROW);
    text = wxs_email_payload(&event, row, "a.example");
    ck_assert_str_eq(type, kinds[_i].told);
    ck_assert_ptr_nonnull(strstr(text, "\"from\":\"\",\"to\":[],\"subject\""
                                       ":\"\""));
    ck_assert_ptr_nonnull(strstr(text, "\"userAgent\":\"\xef\xbf\xbd"
                                       "A\""));
    ck_assert_ptr_null(strstr(text, "tags"));
    free(text);
    sqlite3_finalize(row);
}
END_TEST

START_TEST(links_are_told_by_name)
{
    static const uint8_t id[16];
    wxs_event_row event = {.type = 'c',
                           .message = id,
                           .link = "l",
                           .link_len = 1,
                           .verdict = WXS_VERDICT_HUMAN,
                           .reason = "browser",
                           .certainty = 70,
                           .country = "DE"};
    sqlite3_stmt *row = NULL;
    char *text;

    ck_assert_int_eq(
        sqlite3_prepare_v2(wxs_db_handle(db),
                           "SELECT NULL, NULL, NULL, NULL, NULL, 'top', "
                           "'{\"place\":\"end\"}'",
                           -1, &row, NULL),
        SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(row), SQLITE_ROW);
    text = wxs_email_payload(&event, row, "a.example");
    ck_assert_ptr_nonnull(
        strstr(text, "\"verdict\":\"human\",\"reason\":\"browser\","
                     "\"certainty\":70,\"linkName\":\"top\",\"linkTags\":{"
                     "\"place\":\"end\"},\"country\":\"DE\"}"));
    free(text);
    event.type = 'o';
    event.certainty = -1;
    text = wxs_email_payload(&event, row, "a.example");
    ck_assert_ptr_null(strstr(text, "link"));
    ck_assert_ptr_null(strstr(text, "certainty"));
    free(text);
    sqlite3_finalize(row);
}
END_TEST

int
main(void)
{
    TCase *cases = tcase_create("queue");

    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, signs_as_svix_does);
    tcase_add_test(cases, reads_the_schedule);
    tcase_add_test(cases, follows_the_schedule);
    tcase_add_test(cases, a_success_ends_it);
    tcase_add_test(cases, a_replay_begins_again);
    tcase_add_test(cases, what_was_under_way_is_due_again);
    tcase_add_test(cases, a_message_is_queued_once);
    tcase_add_test(cases, an_endpoint_has_limited_room);
    tcase_add_test(cases, waiting_deliveries_can_be_stopped);
    tcase_add_test(cases, old_messages_go_unless_somebody_waits);
    tcase_add_test(cases, failures_before_it_was_enabled_do_not_count);
    tcase_add_loop_test(cases, domains_are_told_in_words_that_clients_know, 0,
                        sizeof states / sizeof states[0]);
    tcase_add_loop_test(cases, events_without_a_message_are_not_told, 0,
                        sizeof kinds / sizeof kinds[0]);
    tcase_add_test(cases, links_are_told_by_name);
    return run_suite("webhook queue", cases);
}
