/* Files with certificates: what is written comes back, and nothing that is
 * damaged, hostile or out of bounds does */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certificate_file.h"
#include "crc32c.h"

static uint8_t bytes[WXS_CERTIFICATE_FILE_MAX + 64];
static uint8_t data[WXS_CERTIFICATE_FILE_MAX + 64];

static void
fill(wxs_certificate_bundle *bundle, size_t key_len, size_t count,
     size_t certificate_len)
{
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    bundle->key = (wxs_der){bytes, key_len};
    bundle->count = count;
    for (size_t i = 0; i < count && i < WXS_CERTIFICATES_MAX; i++)
        bundle->certificates[i] = (wxs_der){bytes + i, certificate_len + i};
}

static void
same(const wxs_der *a, const wxs_der *b)
{
    ck_assert_uint_eq(a->len, b->len);
    ck_assert_mem_eq(a->data, b->data, a->len);
}

static void
comes_back(const wxs_certificate_bundle *bundle, size_t len)
{
    wxs_certificate_bundle read;

    ck_assert_int_eq(wxs_certificate_parse(data, len, &read), WXS_OK);
    same(&read.key, &bundle->key);
    ck_assert_uint_eq(read.count, bundle->count);
    for (size_t i = 0; i < read.count; i++)
        same(&read.certificates[i], &bundle->certificates[i]);
}

START_TEST(what_is_formatted_is_parsed)
{
    wxs_certificate_bundle bundle;
    size_t len;

    for (size_t count = 1; count <= WXS_CERTIFICATES_MAX; count++) {
        fill(&bundle, 121, count, count * 300);
        ck_assert_int_eq(
            wxs_certificate_format(&bundle, data, sizeof data, &len), WXS_OK);
        comes_back(&bundle, len);
    }
}
END_TEST

/* Written out by hand, so that other programs can rely on the layout. */
START_TEST(layout_is_as_documented)
{
    static const uint8_t expected[] = {
        'W', 'X', 'S', 'C', 'E', 'R', 'T', '1', 2,   0,   0, 0, 2, 0, 0,
        0,   'k', 'y', 3,   0,   0,   0,   'o', 'n', 'e', 1, 0, 0, 0, '2'};
    wxs_certificate_bundle bundle = {
        .key = {(const uint8_t *)"ky", 2},
        .certificates = {{(const uint8_t *)"one", 3},
                         {(const uint8_t *)"2", 1}},
        .count = 2};
    size_t len;

    ck_assert_int_eq(wxs_certificate_format(&bundle, data, sizeof data, &len),
                     WXS_OK);
    ck_assert_uint_eq(len, sizeof expected + 4);
    ck_assert_mem_eq(data, expected, sizeof expected);
    uint32_t crc = wxs_crc32c(0, expected, sizeof expected);

    for (int i = 0; i < 4; i++)
        ck_assert_uint_eq(data[sizeof expected + (size_t)i],
                          (crc >> 8 * i) & 0xff);
}
END_TEST

START_TEST(bounds_hold_when_formatting)
{
    wxs_certificate_bundle bundle;
    size_t len, one = WXS_CERTIFICATE_FILE_MAX - 16 - 4 - 100 - 4;

    fill(&bundle, 100, 1, one);
    ck_assert_int_eq(wxs_certificate_format(&bundle, data, sizeof data, &len),
                     WXS_OK);
    ck_assert_uint_eq(len, WXS_CERTIFICATE_FILE_MAX);
    comes_back(&bundle, len);
    ck_assert_int_eq(wxs_certificate_format(&bundle, data, len - 1, &len),
                     WXS_TOO_LONG);
    fill(&bundle, 100, 1, one + 1);
    ck_assert_int_eq(wxs_certificate_format(&bundle, data, sizeof data, &len),
                     WXS_TOO_LONG);
    fill(&bundle, SIZE_MAX, 1, 10);
    ck_assert_int_eq(wxs_certificate_format(&bundle, data, sizeof data, &len),
                     WXS_TOO_LONG);
    fill(&bundle, 100, 2, SIZE_MAX - 1);
    ck_assert_int_eq(wxs_certificate_format(&bundle, data, sizeof data, &len),
                     WXS_TOO_LONG);
    fill(&bundle, 0, 1, 10);
    ck_assert_int_eq(wxs_certificate_format(&bundle, data, sizeof data, &len),
                     WXS_BAD_FORMAT);
    fill(&bundle, 10, 1, 0);
    ck_assert_int_eq(wxs_certificate_format(&bundle, data, sizeof data, &len),
                     WXS_BAD_FORMAT);
    fill(&bundle, 10, 0, 10);
    ck_assert_int_eq(wxs_certificate_format(&bundle, data, sizeof data, &len),
                     WXS_BAD_FORMAT);
    fill(&bundle, 10, WXS_CERTIFICATES_MAX + 1, 10);
    ck_assert_int_eq(wxs_certificate_format(&bundle, data, sizeof data, &len),
                     WXS_BAD_FORMAT);
}
END_TEST

static void
crc_set(uint8_t *file, size_t len)
{
    uint32_t crc = wxs_crc32c(0, file, len - 4);

    for (int i = 0; i < 4; i++)
        file[len - 4 + (size_t)i] = (uint8_t)(crc >> 8 * i);
}

/* On a copy of exactly that length, so that a sanitizer sees one byte more. */
static wxs_status
parse_copy(const uint8_t *file, size_t len)
{
    wxs_certificate_bundle bundle;
    uint8_t *copy = malloc(len + (len == 0));

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, file, len);
    wxs_status status = wxs_certificate_parse(copy, len, &bundle);

    free(copy);
    return status;
}

START_TEST(damage_is_noticed)
{
    wxs_certificate_bundle bundle;
    size_t len;

    fill(&bundle, 121, 2, 400);
    ck_assert_int_eq(wxs_certificate_format(&bundle, data, sizeof data, &len),
                     WXS_OK);
    for (size_t cut = 0; cut < len; cut++)
        ck_assert_int_eq(parse_copy(data, cut), WXS_BAD_FORMAT);
    for (size_t at = 0; at < len; at++) {
        data[at] ^= 0x10;
        ck_assert_int_eq(parse_copy(data, len),
                         at == 7 ? WXS_BAD_VERSION : WXS_BAD_FORMAT);
        data[at] ^= 0x10;
    }
    ck_assert_int_eq(parse_copy(data, len), WXS_OK);
}
END_TEST

/* Lengths that lie, under a right checksum. */
START_TEST(hostile_lengths_are_refused)
{
    static const uint32_t lies[] = {
        0, 1, 120, 122, 1000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff};
    static const size_t places[] = {8, 12, 16 + 121, 16 + 121 + 4 + 400};
    wxs_certificate_bundle bundle;
    uint8_t file[2000];
    size_t len;

    fill(&bundle, 121, 2, 400);
    for (size_t place = 0; place < 4; place++)
        for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
            ck_assert_int_eq(
                wxs_certificate_format(&bundle, file, sizeof file, &len),
                WXS_OK);
            for (int n = 0; n < 4; n++)
                file[places[place] + (size_t)n] = (uint8_t)(lies[i] >> 8 * n);
            crc_set(file, len);
            ck_assert_int_eq(parse_copy(file, len), WXS_BAD_FORMAT);
        }
    ck_assert_int_eq(
        wxs_certificate_parse(data, WXS_CERTIFICATE_FILE_MAX + 1, &bundle),
        WXS_TOO_LONG);
}
END_TEST

static wxs_status
path_of(const char *host, uint64_t generation, char *path, size_t cap)
{
    return wxs_certificate_path("/certs", host, strlen(host), generation, path,
                                cap);
}

START_TEST(only_hosts_get_a_path)
{
    static const char *const bad[] = {
        "",    ".",        "..",        ".a",   "a.",   "a..b",
        "a/b", "../a",     "A.example", "a b",  "a\nb", "a%b",
        "a:1", "\xc3\xa4", "*.a",       "a\\b", "[::1]"};
    char path[300], host[WXS_CERTIFICATE_HOST_MAX + 2];

    ck_assert_int_eq(path_of("links_1.a-b.example", 7, path, sizeof path),
                     WXS_OK);
    ck_assert_str_eq(path, "/certs/links_1.a-b.example.7.bundle");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_int_eq(path_of(bad[i], 7, path, sizeof path), WXS_BAD_FORMAT);
    ck_assert_int_eq(
        wxs_certificate_path("/certs", "a\0b", 3, 7, path, sizeof path),
        WXS_BAD_FORMAT);
    ck_assert_int_eq(path_of("a.example", 0, path, sizeof path),
                     WXS_BAD_FORMAT);
    memset(host, 'a', sizeof host);
    host[WXS_CERTIFICATE_HOST_MAX] = '\0';
    ck_assert_int_eq(path_of(host, UINT64_MAX, path, sizeof path), WXS_OK);
    /* room for the temporary name too */
    ck_assert_uint_le(strlen(path) - strlen("/certs/") + 11, 255);
    ck_assert_int_eq(path_of(host, UINT64_MAX, path, strlen(path)),
                     WXS_TOO_LONG);
    host[WXS_CERTIFICATE_HOST_MAX] = 'a';
    host[WXS_CERTIFICATE_HOST_MAX + 1] = '\0';
    ck_assert_int_eq(path_of(host, 1, path, sizeof path), WXS_TOO_LONG);
}
END_TEST

START_TEST(files_are_written_and_read)
{
    char folder[] = "/tmp/waxseal-test-XXXXXX", path[200];
    wxs_certificate_bundle bundle, read;
    struct stat st;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(
        wxs_certificate_path(folder, "a.example", 9, 3, path, sizeof path),
        WXS_OK);
    ck_assert_int_eq(wxs_certificate_read(path, data, &read), WXS_IO);
    ck_assert_int_eq(errno, ENOENT);
    umask(077);
    fill(&bundle, 121, 2, 500);
    for (int again = 0; again < 2; again++)
        ck_assert_int_eq(
            wxs_certificate_write(folder, "a.example", 9, 3, &bundle), WXS_OK);
    ck_assert_int_eq(wxs_certificate_read(path, data, &read), WXS_OK);
    same(&read.key, &bundle.key);
    same(&read.certificates[1], &bundle.certificates[1]);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0640);

    ck_assert_int_eq(wxs_certificate_write(folder, "../a", 4, 3, &bundle),
                     WXS_BAD_FORMAT);
    ck_assert_int_eq(
        wxs_certificate_write("/nonexistent", "a.example", 9, 3, &bundle),
        WXS_IO);
    ck_assert_int_eq(truncate(path, WXS_CERTIFICATE_FILE_MAX + 1), 0);
    ck_assert_int_eq(wxs_certificate_read(path, data, &read), WXS_TOO_LONG);
    ck_assert_int_eq(truncate(path, WXS_CERTIFICATE_FILE_MAX), 0);
    ck_assert_int_eq(wxs_certificate_read(path, data, &read), WXS_BAD_FORMAT);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(wxs_certificate_read(path, data, &read), WXS_BAD_FORMAT);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(folder), 0); /* no temporary file is left */
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("certificate_file");
    TCase *tests = tcase_create("certificate_file");
    SRunner *runner = srunner_create(suite);
    int failures;

    tcase_add_test(tests, what_is_formatted_is_parsed);
    tcase_add_test(tests, layout_is_as_documented);
    tcase_add_test(tests, bounds_hold_when_formatting);
    tcase_add_test(tests, damage_is_noticed);
    tcase_add_test(tests, hostile_lengths_are_refused);
    tcase_add_test(tests, only_hosts_get_a_path);
    tcase_add_test(tests, files_are_written_and_read);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
