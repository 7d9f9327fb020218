/* DKIM keys of domains: several, imported, rotated, behind a CNAME. */
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "box.h"
#include "fixture.h"
#include "uuid.h"

static char id[WXS_UUID_TEXT];

/* The master key whose boxes the API fills, and nobody else's. */
static void
publish_box(void)
{
    wxs_seal_key master = {.key = "0123456789012345678901234567890"};
    wxs_error error = {""};
    wxs_box_key box;
    char hex[2 * WXS_BOX_PUBLIC + 1];

    ck_assert(wxs_box_key_of(&master, &box, &error));
    for (size_t i = 0; i < WXS_BOX_PUBLIC; i++)
        snprintf(hex + 2 * i, 3, "%02x", box.key[i]);
    exec("INSERT INTO box_key VALUES (1, x'%s')", hex);
}

static void
add(const char *body)
{
    ck_assert_int_eq(request("POST", "/domains", body), 201);
    snprintf(id, sizeof(id), "%s", text_at("id"));
}

static int
call(const char *method, const char *suffix, const char *body)
{
    char path[128];

    snprintf(path, sizeof(path), "/domains/%s%s", id, suffix);
    return request(method, path, body);
}

/* What the worker does when it sees the record. */
static void
activate(const char *selector)
{
    exec("UPDATE dkim_keys SET state = 'active', activated_at = 5 "
         "WHERE selector = '%s'",
         selector);
}

/* A body with the members, and the key in PEM. */
static char *
body_with_key(EVP_PKEY *key, json_t *members)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data, *text;
    long len;

    ck_assert_int_eq(
        PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    len = BIO_get_mem_data(bio, &data);
    json_object_set_new(members, "private_key",
                        json_stringn(data, (size_t)len));
    text = json_dumps(members, 0);
    json_decref(members);
    BIO_free(bio);
    EVP_PKEY_free(key);
    return text;
}

START_TEST(a_domain_has_one_key)
{
    add("{\"name\":\"customer.example\"}");
    assert_text("dkim.form", "txt");
    ck_assert_uint_eq(json_array_size(at("dkim.keys")), 1);
    assert_text("dkim.keys.0.selector", "wx3fa91");
    assert_text("dkim.keys.0.algorithm", "rsa-2048");
    assert_text("dkim.keys.0.state", "pending");
    ck_assert(json_is_false(at("dkim.keys.0.imported")));
    ck_assert(json_is_null(at("dkim.keys.0.activated_at")));
    ck_assert(json_is_null(at("dkim.keys.0.retires_at")));
}
END_TEST

START_TEST(ed25519_is_a_second_key)
{
    publish_box();
    add("{\"name\":\"customer.example\",\"dkim\":{\"ed25519\":true}}");
    ck_assert_uint_eq(json_array_size(at("records")), 4);
    assert_text("records.0.name", "wx3fa91._domainkey");
    assert_text("records.1.name", "wx3fa92._domainkey");
    ck_assert_int_eq(
        strncmp(text_at("records.1.value"), "v=DKIM1; k=ed25519; p=", 22), 0);
    ck_assert_uint_eq(strlen(text_at("records.1.value")), 22 + 44);
    assert_text("dkim.keys.1.algorithm", "ed25519");
    ck_assert_int_gt(query_int("SELECT length(sealed) FROM dkim_keys "
                               "WHERE algorithm = 'ed25519'"),
                     WXS_BOX_OVERHEAD);
}
END_TEST

START_TEST(keys_are_not_taken_without_a_box)
{
    request("POST", "/domains",
            "{\"name\":\"customer.example\",\"dkim\":{\"ed25519\":true}}");
    assert_error(503, "application_error", "worker");
    ck_assert_int_eq(query_int("SELECT count(*) FROM domains"), 0);
}
END_TEST

START_TEST(an_own_key_can_be_brought_along)
{
    json_t *dkim = json_pack("{s:s}", "selector", "mail2024");
    char *text, *inner;

    publish_box();
    inner = body_with_key(EVP_RSA_gen(2048), dkim);
    ck_assert_int_ge(
        asprintf(&text, "{\"name\":\"a.example\",\"dkim\":%s}", inner), 0);
    add(text);
    assert_text("records.0.name", "mail2024._domainkey");
    ck_assert(json_is_true(at("dkim.keys.0.imported")));
    ck_assert_int_eq(
        query_int("SELECT count(*) FROM dkim_keys WHERE state = 'pool'"), 3);
    ck_assert_int_eq(query_int("SELECT hex(sealed) LIKE '%%308204%%' FROM "
                               "dkim_keys WHERE selector = 'mail2024'"),
                     0);
    free(inner);
    free(text);
}
END_TEST

struct bad_key {
    const char *members;
    int bits; /* 0: no key, 1: Ed25519, 2: EC */
    const char *says;
};

static const struct bad_key bad_keys[] = {
    {"{\"selector\":\"s\"}", 1024, "1024 bits only"},
    {"{\"selector\":\"s\"}", 2, "neither an RSA"},
    {"{}", 2048, "selector"},
    {"{\"selector\":\"wx3fa97\"}", 2048, "`wx3fa97`"},
    {"{\"selector\":\"a.b\"}", 2048, "one label"},
    {"{\"selector\":\"-a\"}", 2048, "one label"},
    {"{\"selector\":\"S\"}", 2048, "one label"},
    {"{\"selector\":\"s\"}", 0, "`private_key`"},
    {"{\"selector\":\"s\",\"private_key\":\"x\"}", 0, "PEM"},
    {"{\"private_key\":7}", 0, "private_key"},
    {"{\"form\":\"tcp\"}", 0, "`form`"},
    {"{\"form\":\"cname\"}", 0, "dkim.zone"},
    {"{\"ed25519\":1}", 0, "ed25519"},
    {"{\"selector\":\"s\"}", 1, "must be an RSA key"},
};

START_TEST(bad_keys_are_explained)
{
    const struct bad_key *bad = &bad_keys[_i];
    EVP_PKEY *key = NULL;
    char *inner, *text;

    publish_box();
    if (bad->bits == 1)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    else if (bad->bits == 2)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    else if (bad->bits > 2)
        key = EVP_RSA_gen((unsigned)bad->bits);
    inner = key == NULL ? strdup(bad->members)
                        : body_with_key(key, json_loads(bad->members, 0, NULL));
    ck_assert_int_ge(
        asprintf(&text, "{\"name\":\"a.example\",\"dkim\":%s}", inner), 0);
    ck_assert_int_eq(request("POST", "/domains", text), 422);
    ck_assert_msg(strstr(text_at("message"), bad->says) != NULL, "%s: %s",
                  bad->members, text_at("message"));
    ck_assert_int_eq(query_int("SELECT count(*) FROM domains"), 0);
    free(inner);
    free(text);
}
END_TEST

START_TEST(rotation_adds_a_key_that_waits)
{
    add("{\"name\":\"customer.example\"}");
    activate("wx3fa91");
    exec("UPDATE domains SET state = 'verified', next_check_at = 9e15");
    ck_assert_int_eq(call("POST", "/dkim/rotate", ""), 201);
    assert_text("object", "domain");
    ck_assert_uint_eq(json_array_size(at("dkim.keys")), 2);
    assert_text("dkim.keys.0.state", "active");
    assert_text("dkim.keys.1.state", "pending");
    assert_text("records.0.name", "wx3fa91._domainkey");
    assert_text("records.1.name", "wx3fa92._domainkey");
    assert_text("records.1.status", "pending");
    ck_assert_int_lt(query_int("SELECT next_check_at FROM domains"),
                     wxs_now_us() + 1);
    ck_assert_int_eq(
        query_int("SELECT count(*) FROM history WHERE cause = 'rotated'"), 1);

    call("POST", "/dkim/rotate", "{}");
    assert_error(422, "validation_error", "`wx3fa92` waits already");
    ck_assert_int_eq(call("DELETE", "/dkim/wx3fa92", ""), 200);
    ck_assert_int_eq(call("POST", "/dkim/rotate", "{}"), 201);
    assert_text("dkim.keys.1.selector", "wx3fa93");
    ck_assert_uint_eq(json_array_size(at("records")), 4);
}
END_TEST

START_TEST(a_key_that_never_signed_is_replaced)
{
    add("{\"name\":\"customer.example\"}");
    ck_assert_int_eq(call("POST", "/dkim/rotate", "{}"), 201);
    ck_assert_uint_eq(json_array_size(at("dkim.keys")), 1);
    assert_text("records.0.name", "wx3fa92._domainkey");
    ck_assert_uint_eq(json_array_size(at("records")), 3);
    ck_assert_int_eq(query_int("SELECT length(sealed) FROM dkim_keys "
                               "WHERE selector = 'wx3fa91'"),
                     0);
}
END_TEST

START_TEST(ed25519_can_be_added_later)
{
    publish_box();
    add("{\"name\":\"customer.example\"}");
    ck_assert_int_eq(
        call("POST", "/dkim/rotate", "{\"algorithm\":\"ed25519\"}"), 201);
    assert_text("dkim.keys.0.state", "pending");
    assert_text("dkim.keys.1.algorithm", "ed25519");
    assert_text("dkim.keys.1.state", "pending");
    call("POST", "/dkim/rotate", "{\"algorithm\":\"dsa\"}");
    assert_error(422, "validation_error", "`algorithm`");
    ck_assert_int_eq(call("DELETE", "/dkim/wx3fa92", ""), 200);
}
END_TEST

START_TEST(a_key_that_signs_stays)
{
    add("{\"name\":\"customer.example\"}");
    call("DELETE", "/dkim/wx3fa91", "");
    assert_error(422, "validation_error", "signs with it");
    activate("wx3fa91");
    call("DELETE", "/dkim/wx3fa91", "");
    assert_error(422, "validation_error", "signs with it");
    call("DELETE", "/dkim/nothing", "");
    assert_error(404, "not_found", "DKIM key not found");
    caller = other_key;
    call("DELETE", "/dkim/wx3fa91", "");
    assert_error(404, "not_found", "Domain not found");
    call("POST", "/dkim/rotate", "");
    assert_error(404, "not_found", "Domain not found");
}
END_TEST

START_TEST(keys_of_a_kind_are_few)
{
    fill_pool(8);
    add("{\"name\":\"customer.example\"}");
    activate("wx3fa91");
    exec("UPDATE dkim_keys SET state = 'retiring', retiring_since = 1 "
         "WHERE selector = 'wx3fa91'");
    ck_assert_int_eq(call("POST", "/dkim/rotate", ""), 201);
    exec("UPDATE dkim_keys SET state = 'retiring', retiring_since = 1000000 "
         "WHERE selector = 'wx3fa92'");
    ck_assert_int_eq(call("POST", "/dkim/rotate", ""), 201);
    assert_text("dkim.keys.1.retires_at", "1970-01-08 00:00:01.000000+00");
    activate("wx3fa93");
    call("POST", "/dkim/rotate", "");
    assert_error(422, "validation_error", "has 3 keys of this kind");
    ck_assert_int_eq(call("DELETE", "/dkim/wx3fa91", ""), 200);
    ck_assert_int_eq(call("POST", "/dkim/rotate", ""), 201);
}
END_TEST

START_TEST(the_record_can_be_a_cname)
{
    char expected[300];

    snprintf(config.dkim.zone, sizeof(config.dkim.zone), "dkim.op.example");
    add("{\"name\":\"customer.example\",\"dkim\":{\"form\":\"cname\"}}");
    assert_text("records.0.record", "DKIM");
    assert_text("records.0.type", "CNAME");
    snprintf(expected, sizeof(expected), "wx3fa91-%.8s%.4s%.4s.dkim.op.example",
             id, id + 9, id + 14);
    assert_text("records.0.value", expected);
    assert_text("dkim.form", "cname");
    activate("wx3fa91");
    ck_assert_int_eq(call("POST", "/dkim/rotate", "{\"form\":\"txt\"}"), 201);
    assert_text("records.1.type", "TXT");
    assert_text("dkim.form", "txt");
    config.dkim.zone[0] = '\0';
}
END_TEST

START_TEST(selectors_are_never_used_again)
{
    add("{\"name\":\"customer.example\"}");
    ck_assert_int_eq(call("DELETE", "", ""), 200);
    ck_assert_int_eq(query_int("SELECT count(*) FROM dkim_keys WHERE domain "
                               "IS NOT NULL AND (state <> 'retired' OR "
                               "length(sealed) > 0)"),
                     0);
    add("{\"name\":\"customer.example\"}");
    assert_text("records.0.name", "wx3fa92._domainkey");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("api_dkim");
    TCase *tcase = tcase_create("api_dkim");
    SRunner *runner = srunner_create(suite);
    int failed;

    wxs_log_init("test");
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_domain_has_one_key);
    tcase_add_test(tcase, ed25519_is_a_second_key);
    tcase_add_test(tcase, keys_are_not_taken_without_a_box);
    tcase_add_test(tcase, an_own_key_can_be_brought_along);
    tcase_add_loop_test(tcase, bad_keys_are_explained, 0,
                        sizeof(bad_keys) / sizeof(bad_keys[0]));
    tcase_add_test(tcase, rotation_adds_a_key_that_waits);
    tcase_add_test(tcase, a_key_that_never_signed_is_replaced);
    tcase_add_test(tcase, ed25519_can_be_added_later);
    tcase_add_test(tcase, a_key_that_signs_stays);
    tcase_add_test(tcase, keys_of_a_kind_are_few);
    tcase_add_test(tcase, the_record_can_be_a_cname);
    tcase_add_test(tcase, selectors_are_never_used_again);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
