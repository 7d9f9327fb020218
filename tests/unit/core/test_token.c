/* Link tokens and destinations: the published vectors, every bit flipped,
 * sizes. Runs at the top of the source tree, or WXS_SOURCE. */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64url.h"
#include "token.h"

#define SIXTY         "https://www.example.com/products/blue-widget-4711?color=navy"
#define ORIGIN_LENGTH 21 /* https://t.example.com */

static const uint8_t secret[WXS_LINK_SECRET_SIZE] = {1, 2, 3};
static const uint8_t domain_id[WXS_DOMAIN_ID_SIZE] = {4, 5, 6};
static wxs_link_key *key;

static void
setup(void)
{
    ck_assert_int_eq(wxs_link_key_new(secret, 1, &key), WXS_OK);
}

static void
teardown(void)
{
    wxs_link_key_free(key);
}

static wxs_token
click(const char *url)
{
    wxs_token token = {.type = WXS_TOKEN_CLICK,
                       .mode = WXS_MODE_FULL,
                       .key_id = 1,
                       .rest = url,
                       .rest_len = url == NULL ? 0 : strlen(url),
                       .is_table = url == NULL};

    memset(token.message_id, 0xa5, sizeof token.message_id);
    return token;
}

static size_t
mint(const wxs_token *token, char text[WXS_TOKEN_TEXT_MAX])
{
    size_t len = 0;

    ck_assert_int_eq(
        wxs_token_mint(token, domain_id, key, text, WXS_TOKEN_TEXT_MAX, &len),
        WXS_OK);
    return len;
}

static bool
is_accepted(wxs_token_type type, const char *text, size_t len)
{
    wxs_token_parsed parsed;

    return wxs_token_parse(type, text, len, &parsed) == WXS_OK &&
           wxs_token_verify(&parsed, domain_id, key) == WXS_OK;
}

/* ---- the published vectors ---- */

static json_t *
load_vectors(void)
{
    const char *source = getenv("WXS_SOURCE");
    char path[1024];
    json_t *vectors;

    (void)snprintf(path, sizeof path, "%s/docs/link-format.vectors.json",
                   source == NULL ? "." : source);
    vectors = json_load_file(path, 0, NULL);
    ck_assert_msg(vectors != NULL, "cannot read %s", path);
    return vectors;
}

static const char *
string(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    ck_assert_ptr_nonnull(text);
    return text;
}

static uint64_t
number(const json_t *object, const char *name)
{
    return (uint64_t)json_integer_value(json_object_get(object, name));
}

static void
octets(const json_t *object, const char *name, uint8_t *out, size_t size)
{
    const char *hex = string(object, name);

    ck_assert_uint_eq(strlen(hex), 2 * size);
    for (size_t i = 0; i < size; i++) {
        unsigned byte;

        ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
        out[i] = (uint8_t)byte;
    }
}

static wxs_token
token_of(const json_t *vector)
{
    const json_t *url = json_object_get(vector, "destination");
    wxs_token token = {
        .type = (wxs_token_type)string(vector, "type")[0],
        .mode = (wxs_mode)number(vector, "mode"),
        .key_id = (uint8_t)number(vector, "key_id"),
        .expires = (uint32_t)number(vector, "expires"),
        .link_index = (uint32_t)number(vector, "link_index"),
        .is_table = json_object_get(vector, "link_id") != NULL,
        .link_id = number(vector, "link_id"),
        .rest = json_string_value(url),
        .rest_len = json_string_length(url),
    };

    octets(vector, "message_id", token.message_id, WXS_MESSAGE_ID_SIZE);
    return token;
}

static void
check_parsed(const wxs_token *parsed, const wxs_token *expected)
{
    char url[WXS_DESTINATION_MAX];

    ck_assert_int_eq(parsed->type, expected->type);
    ck_assert_int_eq(parsed->mode, expected->mode);
    ck_assert_uint_eq(parsed->key_id, expected->key_id);
    ck_assert_uint_eq(parsed->expires, expected->expires);
    ck_assert_mem_eq(parsed->message_id, expected->message_id, 16);
    ck_assert_uint_eq(parsed->link_index, expected->link_index);
    ck_assert_int_eq(parsed->is_table, expected->is_table);
    ck_assert_uint_eq(parsed->link_id, expected->link_id);
    ck_assert_uint_eq(parsed->prefix_len + parsed->rest_len,
                      expected->rest_len);
    if (expected->rest_len == 0)
        return;
    memcpy(url, parsed->prefix, parsed->prefix_len);
    memcpy(url + parsed->prefix_len, parsed->rest, parsed->rest_len);
    ck_assert_mem_eq(url, expected->rest, expected->rest_len);
}

static void
check_valid(const json_t *vector)
{
    wxs_token token = token_of(vector);
    const char *expected = string(vector, "token");
    uint8_t vector_secret[WXS_LINK_SECRET_SIZE], id[WXS_DOMAIN_ID_SIZE];
    char text[WXS_TOKEN_TEXT_MAX];
    wxs_token_parsed parsed;
    wxs_link_key *own;
    size_t len = 0;

    octets(vector, "secret", vector_secret, sizeof vector_secret);
    octets(vector, "domain_id", id, sizeof id);
    ck_assert_int_eq(wxs_link_key_new(vector_secret, token.key_id, &own),
                     WXS_OK);
    ck_assert_int_eq(wxs_token_mint(&token, id, own, text, sizeof text, &len),
                     WXS_OK);
    ck_assert_msg(len == strlen(expected) && memcmp(text, expected, len) == 0,
                  "%s", string(vector, "name"));
    ck_assert_int_eq(wxs_token_parse(token.type, text, len, &parsed), WXS_OK);
    ck_assert_int_eq(wxs_token_verify(&parsed, id, own), WXS_OK);
    check_parsed(&parsed.token, &token);
    id[15] ^= 1;
    ck_assert_int_eq(wxs_token_verify(&parsed, id, own), WXS_BAD_MAC);
    wxs_link_key_free(own);
}

START_TEST(vectors_valid)
{
    json_t *vectors = load_vectors(), *vector;
    json_t *valid = json_object_get(vectors, "valid");
    size_t i;

    ck_assert_uint_ge(json_array_size(valid), 20);
    json_array_foreach(valid, i, vector) check_valid(vector);
    json_decref(vectors);
}
END_TEST

START_TEST(vectors_refused)
{
    json_t *vectors = load_vectors(), *vector;
    json_t *refused = json_object_get(vectors, "refused");
    json_t *tokens = json_object_get(refused, "tokens");
    uint8_t their_secret[WXS_LINK_SECRET_SIZE], id[WXS_DOMAIN_ID_SIZE];
    wxs_link_key *own;
    size_t i;

    octets(refused, "secret", their_secret, sizeof their_secret);
    octets(refused, "domain_id", id, sizeof id);
    ck_assert_int_eq(wxs_link_key_new(their_secret, 1, &own), WXS_OK);
    ck_assert_uint_ge(json_array_size(tokens), 20);
    json_array_foreach(tokens, i, vector)
    {
        const char *text = string(vector, "token");
        wxs_token_parsed parsed;
        wxs_status status =
            wxs_token_parse((wxs_token_type)string(vector, "type")[0], text,
                            strlen(text), &parsed);

        if (status == WXS_OK)
            status = wxs_token_verify(&parsed, id, own);
        ck_assert_msg(status != WXS_OK, "%s", string(vector, "name"));
        if (strncmp(string(vector, "name"), "version", 7) == 0)
            ck_assert_int_eq(status, WXS_BAD_VERSION);
    }
    wxs_link_key_free(own);
    json_decref(vectors);
}
END_TEST

/* ---- forgeries ---- */

static void
flip_every_bit(const wxs_token *token)
{
    char text[WXS_TOKEN_TEXT_MAX];
    size_t len = mint(token, text), n;
    uint8_t raw[WXS_TOKEN_RAW_MAX];

    ck_assert(is_accepted(token->type, text, len));
    ck_assert_int_eq(wxs_base64url_decode(text, len, raw, sizeof raw, &n),
                     WXS_OK);
    for (size_t bit = 0; bit < 8 * n; bit++) {
        raw[bit / 8] ^= (uint8_t)(1 << bit % 8);
        wxs_base64url_encode(raw, n, text);
        ck_assert_msg(!is_accepted(token->type, text, len), "bit %zu", bit);
        raw[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    wxs_base64url_encode(raw, n, text);
    for (size_t bit = 0; bit < 8 * len; bit++) { /* of the text itself */
        text[bit / 8] ^= (char)(1 << bit % 8);
        ck_assert_msg(!is_accepted(token->type, text, len), "bit %zu", bit);
        text[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t cut = 0; cut < len; cut++)
        ck_assert(!is_accepted(token->type, text, cut));
    ck_assert(is_accepted(token->type, text, len));
}

START_TEST(no_flipped_bit_verifies)
{
    wxs_token token = click(SIXTY);

    flip_every_bit(&token);
    token.expires = 1798761600;
    token.link_index = 70000;
    flip_every_bit(&token);
    token = click("http://a");
    flip_every_bit(&token);
    token = click(NULL);
    token.link_id = WXS_LINK_ID_MAX;
    flip_every_bit(&token);
    token.is_table = false;
    token.link_id = 0;
    token.type = WXS_TOKEN_OPEN;
    flip_every_bit(&token);
    token.type = WXS_TOKEN_UNSUBSCRIBE;
    token.expires = 1;
    flip_every_bit(&token);
}
END_TEST

START_TEST(a_token_is_good_for_its_type_and_key_only)
{
    wxs_token token = {.type = WXS_TOKEN_OPEN, .mode = WXS_MODE_FULL};
    char text[WXS_TOKEN_TEXT_MAX];
    size_t len = mint(&token, text);
    wxs_link_key *other;
    wxs_token_parsed parsed;

    ck_assert(is_accepted(WXS_TOKEN_OPEN, text, len));
    ck_assert(!is_accepted(WXS_TOKEN_UNSUBSCRIBE, text, len));
    ck_assert(!is_accepted(WXS_TOKEN_CLICK, text, len));
    ck_assert_int_eq(wxs_link_key_new(secret, 2, &other), WXS_OK);
    ck_assert_int_eq(wxs_token_parse(WXS_TOKEN_OPEN, text, len, &parsed),
                     WXS_OK);
    ck_assert_int_eq(wxs_token_verify(&parsed, domain_id, other), WXS_BAD_MAC);
    wxs_link_key_free(other);
}
END_TEST

/* ---- minting ---- */

START_TEST(sizes)
{
    wxs_token token = click(SIXTY);
    char text[WXS_TOKEN_TEXT_MAX];

    ck_assert_uint_eq(strlen(SIXTY), 60);
    ck_assert_uint_le(ORIGIN_LENGTH + 3 + mint(&token, text), 132);
    token = click(NULL);
    token.link_id = WXS_LINK_ID_MAX;
    ck_assert_uint_le(ORIGIN_LENGTH + 3 + mint(&token, text), 72);
}
END_TEST

START_TEST(mint_refuses_what_parse_would)
{
    char text[WXS_TOKEN_TEXT_MAX], url[WXS_DESTINATION_MAX + 1];
    wxs_token token = click("ftp://example.com/");
    size_t len;

#define REFUSED(status)                                                        \
    ck_assert_int_eq(                                                          \
        wxs_token_mint(&token, domain_id, key, text, sizeof text, &len),       \
        status)
    REFUSED(WXS_BAD_FORMAT);
    token = click(SIXTY);
    token.link_index = WXS_LINK_INDEX_MAX + 1;
    REFUSED(WXS_BAD_FORMAT);
    token.link_index = 0;
    token.mode = (wxs_mode)4;
    REFUSED(WXS_BAD_FORMAT);
    token.mode = WXS_MODE_OFF;
    token.type = (wxs_token_type)'x';
    REFUSED(WXS_BAD_FORMAT);
    token = click(NULL);
    token.link_id = WXS_LINK_ID_MAX + 1;
    REFUSED(WXS_BAD_FORMAT);
    token.link_id = 0;
    token.type = WXS_TOKEN_OPEN;
    REFUSED(WXS_BAD_FORMAT);
    token.is_table = false;
    token.link_index = 1;
    REFUSED(WXS_BAD_FORMAT);

    memset(url, 'a', sizeof url);
    memcpy(url, "https://", 8);
    token = click(NULL);
    token.is_table = false;
    token.rest = url;
    token.rest_len = WXS_TOKEN_RAW_MAX - 29 + 8;
    ck_assert_uint_eq(mint(&token, text), WXS_TOKEN_TEXT_MAX);
    ck_assert(is_accepted(WXS_TOKEN_CLICK, text, WXS_TOKEN_TEXT_MAX));
    token.rest_len++;
    REFUSED(WXS_TOO_LONG);
    token.rest_len = sizeof url;
    REFUSED(WXS_TOO_LONG);
#undef REFUSED

    token = click(SIXTY);
    len = mint(&token, text);
    ck_assert_int_eq(
        wxs_token_mint(&token, domain_id, key, text, len - 1, &len),
        WXS_TOO_LONG);
}
END_TEST

START_TEST(too_long_text)
{
    char text[WXS_TOKEN_TEXT_MAX + 1];
    wxs_token_parsed parsed;

    memset(text, 'A', sizeof text);
    ck_assert_int_eq(
        wxs_token_parse(WXS_TOKEN_CLICK, text, sizeof text, &parsed),
        WXS_TOO_LONG);
}
END_TEST

/* ---- destinations ---- */

START_TEST(destinations_allowed)
{
    static const char *const urls[] = {
        "http://a",
        "https://example.com",
        "HTTPS://EXAMPLE.com/x?y#z",
        "hTtP://example.com:80/",
        "https://example.com:/",
        "https://user:pass@example.com/",
        "https://a@b@example.com/",
        "https://user:@[::1]:8443/",
        "https://a:b@example.com:80/?c:d@e",
        "https://[2001:db8::1]",
        "https://example.com?x=/@:",
        "https://example.com#a:b@",
        "https://xn--bcher-kva.example/%F0%9F%98%80",
        "https://192.0.2.1/!$&'()*+,;=:@~_-\"<>\\^`{|}",
    };

    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        ck_assert_msg(wxs_destination_check(urls[i], strlen(urls[i])) == WXS_OK,
                      "%s", urls[i]);
}
END_TEST

START_TEST(destinations_refused)
{
    static const char *const urls[] = {
        "",
        "h",
        "http:",
        "http:/",
        "http://",
        "https://",
        "http:///x",
        "https://?x",
        "https://#x",
        "https://\\x",
        "https://:80/",
        "https://@/",
        "https://user@",
        "https://user@/x",
        "https://user@:80/x",
        "https://[]/",
        "https://[::1/",
        "https://[::1]x/",
        "https://example.com:8a/",
        "https://example.com:80:90/",
        "https://a:80@:80/",
        "https://[::1]:8a/",
        "https://a:80[::1]/",
        "//example.com/",
        "/x",
        "ftp://example.com/",
        "httpx://example.com/",
        "https\x1a//example.com/",
        "https:\x0f/example.com/",
        "http:/\x0f"
        "example.com/",
        "https:example.com/",
        "javascript:alert(1)",
        " https://example.com/",
        "https://example.com/ ",
        "https://exa mple.com/",
        "https://example.com/\r\nSet-Cookie: a=b",
        "https://example.com/\n",
        "https://example.com/\t",
        "https://example.com/\x01",
        "https://example.com/\x7f",
        "https://example.com/\x80",
        "https://\xc3\xa9.example/",
        "https://example.com/\xff",
    };

    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        ck_assert_msg(wxs_destination_check(urls[i], strlen(urls[i])) ==
                          WXS_BAD_FORMAT,
                      "%s", urls[i]);
    ck_assert_int_eq(wxs_destination_check("https://a/\0b", 12),
                     WXS_BAD_FORMAT);
}
END_TEST

START_TEST(destination_length)
{
    char url[WXS_DESTINATION_MAX + 1];

    memset(url, 'a', sizeof url);
    memcpy(url, "https://", 8);
    ck_assert_int_eq(wxs_destination_check(url, WXS_DESTINATION_MAX), WXS_OK);
    ck_assert_int_eq(wxs_destination_check(url, WXS_DESTINATION_MAX + 1),
                     WXS_TOO_LONG);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("token");
    TCase *tests = tcase_create("token");
    SRunner *runner = srunner_create(suite);
    int failures;

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, vectors_valid);
    tcase_add_test(tests, vectors_refused);
    tcase_add_test(tests, no_flipped_bit_verifies);
    tcase_add_test(tests, a_token_is_good_for_its_type_and_key_only);
    tcase_add_test(tests, sizes);
    tcase_add_test(tests, mint_refuses_what_parse_would);
    tcase_add_test(tests, too_long_text);
    tcase_add_test(tests, destinations_allowed);
    tcase_add_test(tests, destinations_refused);
    tcase_add_test(tests, destination_length);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
