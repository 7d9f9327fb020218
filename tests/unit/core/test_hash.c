/* CRC-32C and SipHash-2-4 against published values and OpenSSL */
#include <check.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "crc32c.h"
#include "siphash.h"

START_TEST(crc32c_rfc3720)
{
    static const uint8_t read_pdu[48] = {
        0x01,        0xc0,        [16] = 0x14, [22] = 0x04,
        [27] = 0x14, [31] = 0x18, 0x28,        [40] = 0x02,
    };
    uint8_t zeros[32] = {0}, ones[32], up[32], down[32];

    memset(ones, 0xff, sizeof ones);
    for (uint8_t i = 0; i < 32; i++) {
        up[i] = i;
        down[i] = (uint8_t)(31 - i);
    }
    ck_assert_uint_eq(wxs_crc32c(0, "123456789", 9), 0xe3069283);
    ck_assert_uint_eq(wxs_crc32c(0, zeros, 32), 0x8a9136aa);
    ck_assert_uint_eq(wxs_crc32c(0, ones, 32), 0x62a8ab43);
    ck_assert_uint_eq(wxs_crc32c(0, up, 32), 0x46dd794e);
    ck_assert_uint_eq(wxs_crc32c(0, down, 32), 0x113fdb5c);
    ck_assert_uint_eq(wxs_crc32c(0, read_pdu, 48), 0xd9963a56);
    ck_assert_uint_eq(wxs_crc32c_portable(0, read_pdu, 48), 0xd9963a56);
    ck_assert_uint_eq(wxs_crc32c(0, "", 0), 0);
}
END_TEST

START_TEST(crc32c_portable_is_the_same_and_chains)
{
    uint8_t data[300];

    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 151 + i / 7);
    for (size_t start = 0; start < 9; start++) {
        for (size_t len = 0; start + len <= sizeof data; len++) {
            uint32_t crc = wxs_crc32c(7, data + start, len);
            size_t half = len / 3;

            ck_assert_uint_eq(crc, wxs_crc32c_portable(7, data + start, len));
            ck_assert_uint_eq(crc, wxs_crc32c(wxs_crc32c(7, data + start, half),
                                              data + start + half, len - half));
        }
    }
}
END_TEST

static uint64_t
openssl_siphash(const uint8_t key[16], const uint8_t *data, size_t len)
{
    size_t size = 8, n = 0;
    uint64_t out = 0;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);

    ck_assert_int_eq(EVP_MAC_init(ctx, key, 16, params), 1);
    ck_assert_int_eq(EVP_MAC_update(ctx, data, len), 1);
    ck_assert_int_eq(EVP_MAC_final(ctx, (uint8_t *)&out, &n, sizeof out), 1);
    ck_assert_uint_eq(n, 8);
    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(mac);
    return out;
}

START_TEST(siphash_reference)
{
    uint8_t key[16], data[64];
    uint64_t words[2];

    for (uint8_t i = 0; i < 64; i++)
        data[i] = i;
    memcpy(key, data, sizeof key);
    memcpy(words, key, sizeof words);
    ck_assert_uint_eq(wxs_siphash(words, data, 0),
                      UINT64_C(0x726fdb47dd0e0e31));
    ck_assert_uint_eq(wxs_siphash(words, data, 15),
                      UINT64_C(0xa129ca6149be45e5));
    for (size_t len = 0; len <= sizeof data; len++)
        ck_assert_uint_eq(wxs_siphash(words, data, len),
                          openssl_siphash(key, data, len));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("hash");
    TCase *tests = tcase_create("hash");
    SRunner *runner = srunner_create(suite);
    int failures;

    tcase_add_test(tests, crc32c_rfc3720);
    tcase_add_test(tests, crc32c_portable_is_the_same_and_chains);
    tcase_add_test(tests, siphash_reference);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
