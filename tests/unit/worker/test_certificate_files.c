#include "state.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "certs/account.h"
#include "certs/chain.h"
#include "certs/client_output.h"
#include "certs/issued.h"
#include "certs/key_request.h"

/* Keys, requests and certificates as files, and what the ACME client says. */

#define SECOND INT64_C(1000000)
#define DAY    (86400 * SECOND)

static state s;
static wxs_db *db;

static void
setup(void)
{
    state_make(&s);
    db = state_open(&s, WXS_DB_CONTROL);
}

static void
teardown(void)
{
    wxs_db_close(db);
    state_remove(&s);
}

START_TEST(the_account_key_is_made_once)
{
    char folder[128], key[160], first[WXS_THUMBPRINT_TEXT],
        again[WXS_THUMBPRINT_TEXT];
    struct stat file;
    wxs_error error = {""};

    (void)snprintf(folder, sizeof folder, "%s/acme", s.dir);
    (void)snprintf(key, sizeof key, "%s/private/key.pem", folder);
    ck_assert_msg(wxs_account_prepare(folder, &error), "%s", error.text);
    ck_assert(wxs_account_thumbprint(key, first, &error));
    ck_assert_uint_eq(strlen(first), WXS_THUMBPRINT_TEXT - 1);
    ck_assert(wxs_account_prepare(folder, &error));
    ck_assert(wxs_account_thumbprint(key, again, &error));
    ck_assert_str_eq(first, again);
    ck_assert_int_eq(stat(key, &file), 0);
    ck_assert_int_eq(file.st_mode & 0777, 0600);
}
END_TEST

START_TEST(a_thumbprint_is_that_of_rfc_7638)
{
    /* computed by another implementation for a key that serves nothing else */
    static const char expected[] =
        "05NBkPdkAMgPAlJ346idr7gcBoHRPtoiRaxjZiCINRY";
    static const char key[] =
        "-----BEGIN EC PRIVATE KEY-----\n"
        "MHcCAQEEIIKOqDp0Vln7aQbIKKzrRm+Yfx9TFpF2pSos7n3SIQOMoAoGCCqGSM49\n"
        "AwEHoUQDQgAEAp5Wp9acZaOnr6u7DFdgpfzZZXoE4ElvIhQc5N8tsP/BPLZTQW+M\n"
        "euePJEmIBrVBSCTwyNAfXkUFqlhMD0BFTg==\n"
        "-----END EC PRIVATE KEY-----\n";
    char path[160], text[WXS_THUMBPRINT_TEXT];
    wxs_error error = {""};
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/key.pem", s.dir);
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(key, file), 0);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_msg(wxs_account_thumbprint(path, text, &error), "%s", error.text);
    ck_assert_str_eq(text, expected);
}
END_TEST

/* A self-signed certificate for the host in the place of the authority's. */
static void
write_certificate(EVP_PKEY *key, const char *host, long lifetime_s,
                  const char *path)
{
    X509 *certificate = X509_new();
    X509V3_CTX context;
    char names[300];
    FILE *file = fopen(path, "w");

    (void)snprintf(names, sizeof names, "DNS:%s", host);
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension =
        X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, names);
    ck_assert_int_eq(X509_set_version(certificate, X509_VERSION_3), 1);
    ck_assert_int_eq(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7),
                     1);
    ck_assert_ptr_nonnull(
        X509_gmtime_adj(X509_getm_notBefore(certificate), -3600));
    ck_assert_ptr_nonnull(
        X509_gmtime_adj(X509_getm_notAfter(certificate), lifetime_s));
    ck_assert_int_eq(X509_set_pubkey(certificate, key), 1);
    ck_assert_int_eq(X509_add_ext(certificate, extension, -1), 1);
    ck_assert_int_gt(X509_sign(certificate, key, EVP_sha256()), 0);
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(PEM_write_X509(file, certificate), 1);
    ck_assert_int_eq(fclose(file), 0);
    X509_EXTENSION_free(extension);
    X509_free(certificate);
}

static char csr[128], pem[128];

static EVP_PKEY *
make_request(const char *host)
{
    wxs_error error = {""};
    EVP_PKEY *key;

    (void)snprintf(csr, sizeof csr, "%s/1.csr", s.dir);
    (void)snprintf(pem, sizeof pem, "%s/1-cert.pem", s.dir);
    key = wxs_key_request(host, csr, &error);
    ck_assert_msg(key != NULL, "%s", error.text);
    return key;
}

START_TEST(a_request_names_the_host_alone)
{
    EVP_PKEY *key = make_request("l.a.co.uk");
    FILE *file = fopen(csr, "r");
    X509_REQ *request = PEM_read_X509_REQ(file, NULL, NULL, NULL);

    ck_assert_ptr_nonnull(request);
    ck_assert_int_eq(X509_REQ_verify(request, key), 1);
    ck_assert_int_eq(X509_NAME_entry_count(X509_REQ_get_subject_name(request)),
                     0);
    STACK_OF(X509_EXTENSION) *all = X509_REQ_get_extensions(request);
    ck_assert_int_eq(sk_X509_EXTENSION_num(all), 1);
    GENERAL_NAMES *names = X509V3_EXT_d2i(sk_X509_EXTENSION_value(all, 0));
    ck_assert_int_eq(sk_GENERAL_NAME_num(names), 1);
    GENERAL_NAMES_free(names);
    sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
    X509_REQ_free(request);
    fclose(file);
    EVP_PKEY_free(key);
}
END_TEST

START_TEST(a_chain_is_read_and_judged)
{
    static wxs_chain_file chain;
    EVP_PKEY *key = make_request("l.a.co.uk"), *other = EVP_EC_gen("P-256");
    int64_t now = wxs_now_us();
    wxs_certificate_bundle bundle;
    wxs_error error = {""};

    ck_assert(!wxs_chain_read(pem, key, "l.a.co.uk", now, &chain, &error));
    write_certificate(key, "l.a.co.uk", 86400, pem);
    ck_assert_msg(wxs_chain_read(pem, key, "l.a.co.uk", now, &chain, &error),
                  "%s", error.text);
    ck_assert_int_eq(wxs_certificate_parse(chain.data, chain.len, &bundle),
                     WXS_OK);
    ck_assert_uint_eq(bundle.count, 1);
    ck_assert_int_gt(chain.not_after, now + 86300 * SECOND);
    ck_assert(!wxs_chain_read(pem, other, "l.a.co.uk", now, &chain, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "another key"));
    ck_assert(!wxs_chain_read(pem, key, "m.a.co.uk", now, &chain, &error));
    ck_assert(
        !wxs_chain_read(pem, key, "l.a.co.uk", now + 2 * DAY, &chain, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "expired"));
    EVP_PKEY_free(other);
    EVP_PKEY_free(key);
}
END_TEST

START_TEST(files_come_back_from_control_db)
{
    static wxs_chain_file chain;
    EVP_PKEY *key = make_request("l.a.co.uk");
    int64_t now = wxs_now_us();
    char path[WXS_CERTIFICATE_PATH_MAX];
    wxs_seal_key master;
    wxs_issued issued;
    const wxs_order order = {.host = "l.a.co.uk"};
    struct stat file;
    size_t count;
    wxs_error error = {""};

    db_exec(db, "INSERT INTO certificate_hosts (host) VALUES ('l.a.co.uk')");
    write_certificate(key, "l.a.co.uk", 86400, pem);
    ck_assert(wxs_chain_read(pem, key, "l.a.co.uk", now, &chain, &error));
    ck_assert(wxs_seal_key_load(&master, state_path(&s, "master.key"), &error));
    ck_assert(wxs_issued_open(&issued, &s.config, db, &master, &error));
    ck_assert(wxs_issued_prepare(&issued, &error));
    ck_assert_msg(wxs_issued_put(&issued, &order, &chain, now, &error), "%s",
                  error.text);
    ck_assert_int_eq(wxs_certificate_path(issued.folder, "l.a.co.uk", 9, 1,
                                          path, sizeof path),
                     WXS_OK);
    ck_assert_int_eq(stat(path, &file), 0);
    ck_assert_int_eq(file.st_mode & 0777, 0640);
    ck_assert_int_eq(file.st_size, (off_t)chain.len);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_msg(wxs_issued_restore(&issued, &count, &error), "%s",
                  error.text);
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(stat(path, &file), 0);
    ck_assert(wxs_issued_restore(&issued, &count, &error) && count == 0);
    /* the next generation replaces it; later the old one goes */
    ck_assert(wxs_issued_put(&issued, &order, &chain, now, &error));
    ck_assert(wxs_issued_forget(&issued, now - 1, &error));
    ck_assert_int_eq(stat(path, &file), 0);
    ck_assert(wxs_issued_forget(&issued, now, &error));
    ck_assert_int_eq(stat(path, &file), -1);
    ck_assert_int_eq(db_number(db, "SELECT count(*) FROM certificates"), 1);
    wxs_seal_key_clear(&master);
    EVP_PKEY_free(key);
}
END_TEST

/* ---- what the client says ---- */

static wxs_acme_outcome
read_output(const char *text)
{
    wxs_acme_outcome outcome;

    wxs_acme_read_output(text, strlen(text), &outcome);
    return outcome;
}

START_TEST(the_authoritys_words_are_understood)
{
    static const struct {
        const char *type;
        wxs_acme_end end;
    } cases[] = {{"connection", WXS_ACME_INVALID},
                 {"rateLimited", WXS_ACME_LIMITED},
                 {"serverInternal", WXS_ACME_UNREACHABLE},
                 {"rejectedIdentifier", WXS_ACME_FAILED},
                 {"accountDoesNotExist", WXS_ACME_NO_ACCOUNT}};
    wxs_acme_outcome outcome;
    char text[600];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)snprintf(text, sizeof text,
                       "uacme: challenge https://x failed with status invalid\n"
                       "uacme: the server reported the following error:\n{\n"
                       "    \"type\": \"urn:ietf:params:acme:error:%s\",\n"
                       "    \"detail\": \"Get \\\"http://l\\\":\\nrefused\",\n"
                       "    \"status\": 400\n}\n"
                       "uacme: failed to authorize order at https://x\n",
                       cases[i].type);
        outcome = read_output(text);
        ck_assert_int_eq(outcome.end, cases[i].end);
        ck_assert_str_eq(outcome.code, cases[i].type);
        ck_assert_str_eq(outcome.message, "Get \"http://l\": refused");
    }
    outcome = read_output(
        "uacme: curl_get: GET https://x failed: Couldn't connect to server\n"
        "uacme: failed to fetch directory at https://x\n");
    ck_assert_int_eq(outcome.end, WXS_ACME_UNREACHABLE);
    outcome = read_output("uacme: no account associated with k found at x\n");
    ck_assert_int_eq(outcome.end, WXS_ACME_NO_ACCOUNT);
    outcome = read_output("uacme: \xff\x01{ not JSON\n\n");
    ck_assert_int_eq(outcome.end, WXS_ACME_FAILED);
    ck_assert_ptr_nonnull(strstr(outcome.message, "not JSON"));
    outcome = read_output("");
    ck_assert_int_eq(outcome.end, WXS_ACME_FAILED);
    ck_assert_str_eq(outcome.message, "");
}
END_TEST

int
main(void)
{
    TCase *cases = tcase_create("certificate files");

    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, the_account_key_is_made_once);
    tcase_add_test(cases, a_thumbprint_is_that_of_rfc_7638);
    tcase_add_test(cases, a_request_names_the_host_alone);
    tcase_add_test(cases, a_chain_is_read_and_judged);
    tcase_add_test(cases, files_come_back_from_control_db);
    tcase_add_test(cases, the_authoritys_words_are_understood);
    return run_suite("certificate files", cases);
}
