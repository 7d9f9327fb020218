/* The link key against an HKDF and HMAC of the test's own, which RFC 5869 and
 * RFC 4231 vouch for */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include <openssl/hmac.h>

#include "link_key.h"

static void
hmac(const void *key, size_t key_len, const void *data, size_t len,
     uint8_t out[32])
{
    unsigned n = 0;

    ck_assert_ptr_nonnull(
        HMAC(EVP_sha256(), key, (int)key_len, data, len, out, &n));
    ck_assert_uint_eq(n, 32);
}

/* RFC 5869, at most 64 bytes out */
static void
hkdf(const uint8_t *salt, size_t salt_len, const uint8_t *secret,
     size_t secret_len, const uint8_t *info, size_t info_len, uint8_t *out,
     size_t out_len)
{
    uint8_t key[32], block[32 + 32 + 1], t[64];

    hmac(salt, salt_len, secret, secret_len, key);
    memcpy(block, info, info_len);
    block[info_len] = 1;
    hmac(key, 32, block, info_len + 1, t);
    memcpy(block, t, 32);
    memcpy(block + 32, info, info_len);
    block[32 + info_len] = 2;
    hmac(key, 32, block, 32 + info_len + 1, t + 32);
    memcpy(out, t, out_len);
}

static void
from_hex(const char *hex, uint8_t *out)
{
    for (; *hex != '\0'; hex += 2) {
        unsigned byte;

        ck_assert_int_eq(sscanf(hex, "%2x", &byte), 1);
        *out++ = (uint8_t)byte;
    }
}

START_TEST(reference_functions_hold)
{
    uint8_t key[22], out[64], expected[64], salt[13], info[10];

    memset(key, 0x0b, 20); /* RFC 4231 case 1 */
    hmac(key, 20, "Hi There", 8, out);
    from_hex("b0344c61d8db38535ca8afceaf0bf12b"
             "881dc200c9833da726e9376c2e32cff7",
             expected);
    ck_assert_mem_eq(out, expected, 32);
    hmac("Jefe", 4, "what do ya want for nothing?", 28, out); /* case 2 */
    from_hex("5bdcc146bf60754e6a042426089575c7"
             "5a003f089d2739839dec58b964ec3843",
             expected);
    ck_assert_mem_eq(out, expected, 32);

    from_hex("000102030405060708090a0b0c", salt); /* RFC 5869 A.1 */
    from_hex("f0f1f2f3f4f5f6f7f8f9", info);
    memset(key, 0x0b, 22);
    hkdf(salt, 13, key, 22, info, 10, out, 42);
    from_hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
             "34007208d5b887185865",
             expected);
    ck_assert_mem_eq(out, expected, 42);
    hkdf((const uint8_t *)"", 0, key, 22, info, 0, out, 42); /* A.3 */
    from_hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
             "9d201395faa4b61a96c8",
             expected);
    ck_assert_mem_eq(out, expected, 42);
}
END_TEST

START_TEST(mac_is_hmac_with_the_derived_key)
{
    static const uint8_t domain_id[WXS_DOMAIN_ID_SIZE] = {9, 8, 7};
    uint8_t secret[WXS_LINK_SECRET_SIZE], data[200];

    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = (uint8_t)(i * 11 + 3);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7);
    for (int id = 0; id < 256; id += 51) {
        uint8_t info[17] = "waxseal link key", key_bytes[32], expected[32];
        uint8_t text[10 + 16 + sizeof data], mac[WXS_LINK_MAC_SIZE];
        wxs_link_key *key;

        info[16] = (uint8_t)id;
        hkdf((const uint8_t *)"", 0, secret, 32, info, 17, key_bytes, 32);
        ck_assert_int_eq(wxs_link_key_new(secret, (uint8_t)id, &key), WXS_OK);
        memcpy(text, "waxseal-c1", 10);
        memcpy(text + 10, domain_id, 16);
        /* again and again with the same context */
        for (size_t len = 0; len <= sizeof data; len++) {
            memcpy(text + 26, data, len);
            hmac(key_bytes, 32, text, 26 + len, expected);
            ck_assert_int_eq(
                wxs_link_key_mac(key, "waxseal-c1", domain_id, data, len, mac),
                WXS_OK);
            ck_assert_mem_eq(mac, expected, sizeof mac);
        }
        wxs_link_key_free(key);
    }
    wxs_link_key_free(NULL);
}
END_TEST

START_TEST(longest_data)
{
    static const uint8_t secret[WXS_LINK_SECRET_SIZE] = {1},
                         data[WXS_LINK_DATA_MAX + 1] = {2};
    uint8_t key_bytes[32], text[10 + 16 + WXS_LINK_DATA_MAX] = "waxseal-c1";
    uint8_t expected[32], mac[WXS_LINK_MAC_SIZE];
    wxs_link_key *key;

    hkdf((const uint8_t *)"", 0, secret, 32,
         (const uint8_t *)"waxseal link key\0", 17, key_bytes, 32);
    memcpy(text + 10, secret, 16); /* for an id of a domain */
    memcpy(text + 26, data, WXS_LINK_DATA_MAX);
    hmac(key_bytes, 32, text, sizeof text, expected);
    ck_assert_int_eq(wxs_link_key_new(secret, 0, &key), WXS_OK);
    ck_assert_int_eq(wxs_link_key_mac(key, "waxseal-c1", secret, data,
                                      WXS_LINK_DATA_MAX, mac),
                     WXS_OK);
    ck_assert_mem_eq(mac, expected, sizeof mac);
    ck_assert_int_eq(wxs_link_key_mac(key, "waxseal-c1", secret, data,
                                      WXS_LINK_DATA_MAX + 1, mac),
                     WXS_TOO_LONG);
    wxs_link_key_free(key);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("link_key");
    TCase *tests = tcase_create("link_key");
    SRunner *runner = srunner_create(suite);
    int failures;

    tcase_add_test(tests, reference_functions_hold);
    tcase_add_test(tests, mac_is_hmac_with_the_derived_key);
    tcase_add_test(tests, longest_data);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
