/* base64url: RFC 4648 section 10, and one spelling for each byte string */
#include <check.h>
#include <stdbool.h>
#include <string.h>

#include "base64url.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

START_TEST(known_vectors)
{
    static const struct {
        const char *bytes, *text;
    } vectors[] = {
        {"", ""},
        {"f", "Zg"},
        {"fo", "Zm8"},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg"},
        {"fooba", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xfe", "-__-"},
    };

    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const char *text = vectors[i].text;
        size_t len = strlen(vectors[i].bytes), n = 99;
        char out[16];
        uint8_t back[16];

        ck_assert_uint_eq(WXS_BASE64URL_LENGTH(len), strlen(text));
        wxs_base64url_encode((const uint8_t *)vectors[i].bytes, len, out);
        ck_assert_mem_eq(out, text, strlen(text));
        ck_assert_int_eq(
            wxs_base64url_decode(text, strlen(text), back, sizeof back, &n),
            WXS_OK);
        ck_assert_uint_eq(n, len);
        ck_assert_mem_eq(back, vectors[i].bytes, len);
    }
}
END_TEST

START_TEST(every_byte_round_trips_at_every_length)
{
    uint8_t data[256], back[256];
    char text[WXS_BASE64URL_LENGTH(256) + 1];

    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)i;
    for (size_t len = 0; len <= sizeof data; len++) {
        const uint8_t *from = data + sizeof data - len;
        size_t n, text_len = WXS_BASE64URL_LENGTH(len);

        text[text_len] = '#';
        wxs_base64url_encode(from, len, text);
        ck_assert_int_eq(text[text_len], '#');
        ck_assert_int_eq(
            wxs_base64url_decode(text, text_len, back, sizeof back, &n),
            WXS_OK);
        ck_assert_uint_eq(n, len);
        ck_assert_mem_eq(back, from, len);
    }
}
END_TEST

/* Each of the 256 characters at each place of a 2, 3 and 4 character text is
 * accepted only if encoding gives the same text again. */
START_TEST(only_canonical_text_is_accepted)
{
    size_t accepted = 0;

    for (size_t len = 2; len <= 4; len++) {
        for (size_t at = 0; at < len; at++) {
            for (int c = 0; c < 256; c++) {
                char text[5] = "AAAA", again[5];
                uint8_t out[3];
                size_t n;

                text[at] = (char)c;
                if (wxs_base64url_decode(text, len, out, 3, &n) != WXS_OK)
                    continue;
                accepted++;
                ck_assert(c != 0 && strchr(alphabet, c) != NULL);
                wxs_base64url_encode(out, n, again);
                ck_assert_mem_eq(again, text, len);
            }
        }
    }
    /* all 64 everywhere but in last places: 4 of 2, 16 of 3 characters */
    ck_assert_uint_eq(accepted, 64 + 4 + 64 * 2 + 16 + 64 * 4);
}
END_TEST

/* Long texts are decoded in larger steps, which must refuse the same. */
START_TEST(each_character_at_each_place_of_a_long_text)
{
    char text[61];
    uint8_t out[45 + 1], expected[45];
    size_t n;

    for (size_t i = 0; i < 60; i++)
        text[i] = alphabet[i * 7 % 64];
    for (size_t at = 0; at < 60; at++) {
        char kept = text[at];

        for (int c = 0; c < 256; c++) {
            bool known = c != 0 && strchr(alphabet, c) != NULL;

            text[at] = (char)c;
            out[45] = 0x55;
            ck_assert_int_eq(wxs_base64url_decode(text, 60, out, 45, &n),
                             known ? WXS_OK : WXS_BAD_FORMAT);
            ck_assert_uint_eq(out[45], 0x55);
            if (!known)
                continue;
            /* four characters are too few for a large step */
            for (size_t i = 0; i < 15; i++)
                ck_assert_int_eq(wxs_base64url_decode(text + 4 * i, 4,
                                                      expected + 3 * i, 3, &n),
                                 WXS_OK);
            ck_assert_mem_eq(out, expected, 45);
        }
        text[at] = kept;
    }
}
END_TEST

START_TEST(lengths_and_bounds)
{
    uint8_t out[4] = {0, 0, 0, 0x55};
    size_t n;

    ck_assert_int_eq(wxs_base64url_decode("A", 1, out, 4, &n), WXS_BAD_FORMAT);
    ck_assert_int_eq(wxs_base64url_decode("AAAAA", 5, out, 4, &n),
                     WXS_BAD_FORMAT);
    ck_assert_int_eq(wxs_base64url_decode("Zg==", 4, out, 4, &n),
                     WXS_BAD_FORMAT);
    ck_assert_int_eq(wxs_base64url_decode("AAAAAA", 6, out, 3, &n),
                     WXS_TOO_LONG);
    ck_assert_int_eq(wxs_base64url_decode("____", 4, out, 3, &n), WXS_OK);
    ck_assert_uint_eq(out[3], 0x55);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("base64url");
    TCase *tests = tcase_create("base64url");
    SRunner *runner = srunner_create(suite);
    int failures;

    tcase_add_test(tests, known_vectors);
    tcase_add_test(tests, every_byte_round_trips_at_every_length);
    tcase_add_test(tests, only_canonical_text_is_accepted);
    tcase_add_test(tests, each_character_at_each_place_of_a_long_text);
    tcase_add_test(tests, lengths_and_bounds);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
