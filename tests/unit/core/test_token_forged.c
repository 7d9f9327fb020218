/* Forged tokens: a million random ones and a million with some bits the other
 * way round, none of which may be accepted. WXS_FORGED asks for more. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base64url.h"
#include "token.h"

#define ROUNDS  1000000
#define RAW_MAX 96

static const uint8_t secret[WXS_LINK_SECRET_SIZE] = {1, 2, 3};
static const uint8_t domain_id[WXS_DOMAIN_ID_SIZE] = {4, 5, 6};
static wxs_link_key *key;
static uint64_t seed, state;

static void
setup(void)
{
    ck_assert_int_eq(wxs_link_key_new(secret, 1, &key), WXS_OK);
    ck_assert_int_eq(getrandom(&seed, sizeof seed, 0), sizeof seed);
    state = seed;
}

static void
teardown(void)
{
    wxs_link_key_free(key);
}

/* splitmix64: any 64-bit state will do */
static uint64_t
draw(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static long
rounds(void)
{
    const char *wish = getenv("WXS_FORGED");
    long wanted = wish == NULL ? 0 : atol(wish);

    return wanted > ROUNDS ? wanted : ROUNDS;
}

/* Tries the raw token; true if it got as far as its MAC. */
static bool
try_raw(wxs_token_type type, const uint8_t *raw, size_t len)
{
    char text[WXS_BASE64URL_LENGTH(RAW_MAX)];
    wxs_token_parsed parsed;

    wxs_base64url_encode(raw, len, text);
    if (wxs_token_parse(type, text, WXS_BASE64URL_LENGTH(len), &parsed) !=
        WXS_OK)
        return false;
    if (wxs_token_verify(&parsed, domain_id, key) != WXS_BAD_MAC)
        ck_abort_msg("accepted %.*s, seed %" PRIu64,
                     (int)WXS_BASE64URL_LENGTH(len), text, seed);
    return true;
}

START_TEST(no_random_token_is_accepted)
{
    static const char types[] = "cou";
    long count = rounds(), reached = 0;

    for (long i = 0; i < count; i++) {
        uint8_t raw[RAW_MAX];
        size_t len = 28 + draw() % (RAW_MAX - 28);
        wxs_token_type type = (wxs_token_type)types[i % 3];

        for (size_t k = 0; k < sizeof raw; k += 8) {
            uint64_t bits = draw();

            memcpy(raw + k, &bits, 8);
        }
        if (i % 4 != 0) { /* most of them well formed */
            raw[0] = (uint8_t)(0x40 | (raw[0] & 0x30) | (i % 3 == 0 ? 4 : 0));
            raw[18] &= 0x7f;
            len = i % 3 == 0 ? 35 : 28;
        }
        reached += try_raw(type, raw, len);
    }
    ck_assert_msg(reached > count * 7 / 10, "only %ld were checked", reached);
}
END_TEST

static size_t
mint(wxs_token *token, uint8_t raw[RAW_MAX])
{
    char text[WXS_TOKEN_TEXT_MAX];
    size_t len, raw_len;

    ck_assert_int_eq(
        wxs_token_mint(token, domain_id, key, text, sizeof text, &len), WXS_OK);
    ck_assert_int_eq(wxs_base64url_decode(text, len, raw, RAW_MAX, &raw_len),
                     WXS_OK);
    return raw_len;
}

/* One bit, or up to eight different ones. */
static void
flip(uint8_t *raw, size_t len)
{
    size_t bits[8], count = draw() % 2 == 0 ? 1 : 1 + draw() % 8;

    for (size_t i = 0; i < count; i++) {
        bool again = true;

        while (again) {
            bits[i] = draw() % (8 * len);
            again = false;
            for (size_t k = 0; k < i; k++)
                again |= bits[k] == bits[i];
        }
        raw[bits[i] / 8] ^= (uint8_t)(1u << bits[i] % 8);
    }
}

START_TEST(no_flipped_token_is_accepted)
{
    static const char url[] = "https://www.example.com/blue?color=navy";
    wxs_token tokens[4] = {
        {.type = WXS_TOKEN_CLICK, .rest = url, .rest_len = sizeof url - 1},
        {.type = WXS_TOKEN_CLICK, .is_table = true, .link_id = 4711},
        {.type = WXS_TOKEN_OPEN, .expires = 1798761600},
        {.type = WXS_TOKEN_UNSUBSCRIBE},
    };
    long count = rounds(), reached = 0;

    for (long i = 0; i < count; i++) {
        wxs_token *token = &tokens[i % 4];
        uint8_t raw[RAW_MAX];
        size_t len;

        token->key_id = 1;
        token->mode = WXS_MODE_FULL;
        memcpy(token->message_id, &i, sizeof i);
        len = mint(token, raw);
        flip(raw, len);
        reached += try_raw(token->type, raw, len);
    }
    ck_assert_msg(reached > count / 2, "only %ld were checked", reached);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("token_forged");
    TCase *cases = tcase_create("forged");
    SRunner *runner;
    int failures;

    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_set_timeout(cases, 300);
    tcase_add_test(cases, no_random_token_is_accepted);
    tcase_add_test(cases, no_flipped_token_is_accepted);
    suite_add_tcase(suite, cases);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
