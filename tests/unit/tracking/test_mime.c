/* Raw messages of every encoding and charset: what is not a link stays */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mime/addresses.h"
#include "mime/mime_message.h"
#include "mime/part_encoding.h"

static wxs_tracking_domain domain = {.host = "links.acme.example"};
static wxs_config config;
static wxs_minter minter;

/* Rewrites links, without a pixel unless asked for one. */
static char *
rewrite(const char *raw, size_t len, bool opens, size_t *out_len, size_t *links)
{
    const wxs_link_secret secret = {.current_key = 1};
    static const uint8_t id[WXS_MESSAGE_ID_SIZE] = {1};
    const wxs_rewriting how = {
        .config = &config,
        .domain = &domain,
        .minter = &minter,
        .clicks = true,
        .opens = opens,
    };
    wxs_error error = {""};
    wxs_mime_message *message = wxs_mime_parse(raw, len, &error);
    wxs_rewritten result;
    wxs_body *bodies;
    size_t count;
    char *out;

    ck_assert_msg(message != NULL, "%s", error.text);
    ck_assert_int_eq(
        wxs_minter_init(&minter, &config, &domain, &secret, id, WXS_MODE_FULL),
        WXS_OK);
    bodies = wxs_mime_bodies(message, &count);
    ck_assert_int_eq(wxs_rewrite(&how, bodies, count, &result, &error), WXS_OK);
    *links = result.count;
    out = wxs_mime_write(message, "", out_len, &error);
    ck_assert_ptr_nonnull(out);
    wxs_rewritten_free(&result);
    wxs_mime_free(message);
    wxs_minter_free(&minter);
    return out;
}

/* The message with what stands between the marks replaced by a link: before
 * and after them every byte is the same. */
static void
expect_one_link(const char *raw, size_t len, const char *before,
                const char *after)
{
    size_t out_len, links, start, end;
    char *out = rewrite(raw, len, false, &out_len, &links);
    const char *hit = memmem(raw, len, before, strlen(before));

    ck_assert_uint_eq(links, 1);
    ck_assert_ptr_nonnull(hit);
    start = (size_t)(hit - raw) + strlen(before);
    hit = memmem(raw + start, len - start, after, strlen(after));
    ck_assert_ptr_nonnull(hit);
    end = len - (size_t)(hit - raw);
    ck_assert_uint_gt(out_len, start + end);
    ck_assert_mem_eq(out, raw, start);
    ck_assert_mem_eq(out + out_len - end, raw + len - end, end);
    ck_assert_mem_eq(out + start, "http://links.acme.example/c/", 28);
    free(out);
}

#define TYPE(charset)                                                          \
    "Subject: x\nContent-Type: text/html; charset=" charset "\n\n"

START_TEST(charsets)
{
    static const struct {
        const char *raw;
        size_t len;
    } cases[] = {
#define CASE(text) {text, sizeof(text) - 1}
        CASE(
            TYPE("utf-8") "\xc3\xbc<a href=\"http://a/\xc3\xbc\">\xff\xfe</a>"),
        CASE(TYPE("us-ascii") "\xc3<a href=\"http://a/\">\x80"),
        CASE(TYPE("iso-8859-1") "\xfc<a href=\"http://a/\xfc\">\xe4</a>\n"),
        CASE(TYPE("windows-1252") "\x93<a href=\"http://a/?\x80\">\x81\x94"),
        CASE(TYPE("koi8-r") "\xf0\xd2<a href=\"http://a/\xd2\">\xc9"),
        /* characters whose second byte is "|", "\" or "{" */
        CASE(TYPE("shift_jis") "\x83\x7c\x95\x5c<a href=\"http://a/\x95\x5c\">"
                               "\x83\x7b</a>"),
        CASE(TYPE("gb18030") "\x81\x30\x81\x30<a href=\"http://a/\xb0\xa1\">"
                             "\x84\x31\xa4\x37"),
        CASE(TYPE("big5") "\xa5\x5c<a href=\"http://a/\xa5\x5c\">\xb3\x5c"),
        CASE(TYPE("euc-kr") "\xb0\xa1<a href=\"http://a/\xb0\xa1\">\xb0"),
        /* shifted text looks like tags and quotes */
        CASE(TYPE("iso-2022-jp") "\x1b$B\x25\x3c\x25\x22\x1b(B"
                                 "<a href=\"http://a/\x1b$B\x24\x22\x1b(B\">"
                                 "\x1b$B\x25\x3c\x25\x3e\x1b(B</a>\n"),
        CASE(TYPE("x-nobody-knows") "a<a href=\"http://a/\">b"),
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_one_link(cases[i].raw, cases[i].len, "href=\"", "\">");
}
END_TEST

static void
expect_unchanged(const char *raw, size_t len)
{
    size_t out_len, links;
    char *out = rewrite(raw, len, true, &out_len, &links);

    ck_assert_uint_eq(links, 0);
    ck_assert_uint_eq(out_len, len);
    ck_assert_mem_eq(out, raw, len);
    free(out);
}

START_TEST(foreign_charsets)
{
    static const char utf16[] = TYPE("utf-16") "\xff\xfe<\0a\0 \0";
    static const char utf7[] = TYPE("utf-7") "<a href=\"http://a/\">+ADw-";
    static const char hz[] = TYPE("hz-gb-2312") "~{<:~}<a href=\"http://a/\">";
    static const char ebcdic[] = TYPE("ibm037") "<a href=\"http://a/\">";
    static const char unknown[] = TYPE("x-none") "\xfc<a href=\"http://a/\">";

    expect_unchanged(utf16, sizeof(utf16) - 1);
    expect_unchanged(utf7, sizeof(utf7) - 1);
    expect_unchanged(hz, sizeof(hz) - 1);
    expect_unchanged(ebcdic, sizeof(ebcdic) - 1);
    expect_unchanged(unknown, sizeof(unknown) - 1);
}
END_TEST

START_TEST(pixels_in_shifted_text)
{
    static const char raw[] = TYPE("iso-2022-jp") "<p>\x1b$B\x25\x3c\x1b(B"
                                                  "</body>\n";
    size_t len, links;
    char *out = rewrite(raw, sizeof(raw) - 1, true, &len, &links);

    /* the pixel comes once the text is ASCII again */
    ck_assert_ptr_nonnull(memmem(out, len, "\x25\x3c\x1b(B<img ", 10));
    free(out);
}
END_TEST

START_TEST(odd_messages)
{
    static const char *const odd[] = {
        "",
        "\n",
        "x",
        "Subject: x",
        "Content-Type: text/html",
        "Content-Type: multipart/mixed\n\n<a href=http://a>",
        "Content-Type: multipart/mixed; boundary=x\n\n--x\n",
        "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: "
        "application/pkcs7-mime\n\n<a href=http://a>\n--x--\n",
        "Content-Type: message/rfc822\n\nContent-Type: text/html\n\n"
        "<a href=http://a>",
        "Content-Type: text/html\nContent-Disposition: attachment\n\n"
        "<a href=http://a>",
        "Content-Type: text/html\nContent-Transfer-Encoding: uuencode\n\n"
        "<a href=http://a>",
        "Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: "
        "text/html\n\n<a href=http://a>\n--x--\n",
    };

    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        wxs_error error = {""};
        wxs_mime_message *message =
            wxs_mime_parse(odd[i], strlen(odd[i]), &error);

        if (message == NULL)
            ck_assert_str_ne(error.text, "");
        else if (strstr(odd[i], "text/html") == NULL || strlen(odd[i]) > 30)
            expect_unchanged(odd[i], strlen(odd[i]));
        wxs_mime_free(message);
    }
}
END_TEST

static void
expect_round_trip(wxs_encoding encoding, const char *text, size_t len,
                  bool crlf)
{
    wxs_buffer encoded = {0}, decoded = {0};
    size_t column = 0;

    wxs_encode_part(encoding, text, len, crlf, &encoded);
    for (size_t i = 0; i < encoded.len; i++) {
        column = encoded.data[i] == '\n' ? 0 : column + 1;
        ck_assert_uint_le(column, 76 + crlf);
        ck_assert(encoded.data[i] == '\n' || encoded.data[i] == '\r' ||
                  encoded.data[i] == '\t' ||
                  (encoded.data[i] >= ' ' && encoded.data[i] < 0x7f));
    }
    ck_assert(!wxs_has_long_line(encoded.data, encoded.len));
    wxs_decode_part(encoding, encoded.data, encoded.len, &decoded);
    ck_assert_uint_eq(decoded.len, len);
    ck_assert(len == 0 || memcmp(decoded.data, text, len) == 0);
    wxs_buffer_free(&encoded);
    wxs_buffer_free(&decoded);
}

START_TEST(encodings)
{
    char text[3000];

    srand(1);
    for (int round = 0; round < 100; round++) {
        static const char some[] = "ab =\t\r\n\xc3.=3D<\"";
        size_t len = (size_t)rand() % sizeof(text);

        for (size_t i = 0; i < len; i++)
            text[i] = round % 3 == 0
                          ? (char)rand()
                          : some[(size_t)rand() % (sizeof(some) - 1)];
        for (int crlf = 0; crlf < 2; crlf++) {
            expect_round_trip(WXS_ENCODING_BASE64, text, len, crlf);
            expect_round_trip(WXS_ENCODING_QUOTED_PRINTABLE, text, len, crlf);
        }
    }
}
END_TEST

static bool
note(void *argument, const char *address)
{
    strcat(argument, address);
    strcat(argument, " ");
    return true;
}

START_TEST(addresses)
{
    static const struct {
        const char *list;
        const char *expected;
    } cases[] = {
        {"a@b.example", "a@b.example "},
        {"Ann <a@b.example>, \"x, y\" <c@d.example>",
         "a@b.example c@d.example "},
        {"team: a@b.example, c@d.example;", "a@b.example c@d.example "},
        {"", " "},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char got[256] = "";

        ck_assert(wxs_addresses_each(cases[i].list, note, got));
        ck_assert_str_eq(got, cases[i].expected);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("mime");
    TCase *mime = tcase_create("mime");
    SRunner *runner;
    int failed;

    tcase_set_timeout(mime, 60);
    tcase_add_test(mime, charsets);
    tcase_add_test(mime, foreign_charsets);
    tcase_add_test(mime, pixels_in_shifted_text);
    tcase_add_test(mime, odd_messages);
    tcase_add_test(mime, encodings);
    tcase_add_test(mime, addresses);
    suite_add_tcase(suite, mime);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
