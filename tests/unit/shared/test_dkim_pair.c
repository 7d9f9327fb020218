/* DKIM keys that are made and that people bring along. */
#include <check.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "dkim_pair.h"

static wxs_dkim_pair pair;
static wxs_error error;

/* The key in PEM, NUL-terminated; the caller frees it. */
static char *
pem_of(EVP_PKEY *key, bool traditional, const char *passphrase)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text, *data;
    long len;
    int done;

    ck_assert_ptr_nonnull(key);
    if (traditional)
        done = PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0,
                                                    NULL, NULL);
    else
        done = PEM_write_bio_PrivateKey(
            bio, key, passphrase != NULL ? EVP_aes_128_cbc() : NULL, NULL, 0,
            NULL, (void *)passphrase);
    ck_assert_int_eq(done, 1);
    len = BIO_get_mem_data(bio, &data);
    text = strndup(data, (size_t)len);
    BIO_free(bio);
    EVP_PKEY_free(key);
    return text;
}

static bool
import(char *pem)
{
    bool ok = wxs_dkim_pair_import(pem, strlen(pem), &pair, &error);

    free(pem);
    return ok;
}

static void
refuses(char *pem, const char *says)
{
    ck_assert(!import(pem));
    ck_assert_msg(strstr(error.text, says) != NULL, "%s", error.text);
}

START_TEST(makes_rsa)
{
    ck_assert(wxs_dkim_pair_rsa(&pair, &error));
    ck_assert_str_eq(pair.algorithm, "rsa-2048");
    ck_assert_uint_eq(strlen(pair.public_key), 392);
    ck_assert_int_eq(strncmp(pair.public_key, "MIIBIjANBgkqhkiG9w0B", 20), 0);
    ck_assert_uint_gt(pair.private_len, 1000);
    wxs_dkim_pair_clear(&pair);
    ck_assert_uint_eq(pair.private_len, 0);
    for (size_t i = 0; i < sizeof(pair.private_key); i++)
        ck_assert_uint_eq(pair.private_key[i], 0);
}
END_TEST

START_TEST(makes_ed25519)
{
    ck_assert(wxs_dkim_pair_ed25519(&pair, &error));
    ck_assert_str_eq(pair.algorithm, "ed25519");
    ck_assert_uint_eq(strlen(pair.public_key), 44);
}
END_TEST

START_TEST(takes_rsa_in_both_forms)
{
    ck_assert(import(pem_of(EVP_RSA_gen(2048), false, NULL)));
    ck_assert_str_eq(pair.algorithm, "rsa-2048");
    ck_assert(import(pem_of(EVP_RSA_gen(2048), true, NULL)));
    ck_assert_str_eq(pair.algorithm, "rsa-2048");
}
END_TEST

START_TEST(takes_the_longest)
{
    ck_assert(import(pem_of(EVP_RSA_gen(4096), false, NULL)));
    ck_assert_str_eq(pair.algorithm, "rsa-4096");
    ck_assert_uint_eq(strlen(pair.public_key), 736);
}
END_TEST

START_TEST(takes_ed25519)
{
    ck_assert(
        import(pem_of(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), false, NULL)));
    ck_assert_str_eq(pair.algorithm, "ed25519");
}
END_TEST

START_TEST(refuses_what_cannot_sign)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    BIO *bio = BIO_new(BIO_s_mem());
    char *data, *text;
    long len;

    refuses(pem_of(EVP_RSA_gen(1024), false, NULL), "1024 bits only");
    refuses(pem_of(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), false, NULL),
            "neither an RSA nor an Ed25519");
    refuses(pem_of(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), false, "secret"),
            "passphrase");
    refuses(strdup(""), "PEM");
    refuses(strdup("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"), "PEM");
    refuses(strdup("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE "
                   "KEY-----\n"),
            "cannot be read");
    ck_assert_int_eq(PEM_write_bio_PUBKEY(bio, key), 1);
    len = BIO_get_mem_data(bio, &data);
    refuses(strndup(data, (size_t)len), "public key");
    text = pem_of(key, false, NULL);
    text[strlen(text) / 2] = '\0';
    refuses(text, "cannot be read");
    text = malloc(WXS_DKIM_PEM_MAX + 2);
    memset(text, 'A', WXS_DKIM_PEM_MAX + 1);
    text[WXS_DKIM_PEM_MAX + 1] = '\0';
    refuses(text, "longer than any");
    BIO_free(bio);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("dkim_pair");
    TCase *tcase = tcase_create("dkim_pair");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, makes_rsa);
    tcase_add_test(tcase, makes_ed25519);
    tcase_add_test(tcase, takes_rsa_in_both_forms);
    tcase_add_test(tcase, takes_the_longest);
    tcase_add_test(tcase, takes_ed25519);
    tcase_add_test(tcase, refuses_what_cannot_sign);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
