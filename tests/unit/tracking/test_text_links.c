/* Links of plain text, and parameters added to destinations */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "text_links.h"
#include "utm.h"

#define HUGE_LEN ((size_t)16 << 20)

/* expected: what is replaced and where it leads, "a>b ", or "-a " where it is
 * cut out */
static void
expect_links(const char *text, const char *expected)
{
    wxs_found_links links;
    char got[1024] = "";
    size_t len = 0;
    wxs_error error;

    ck_assert(wxs_text_links_find(text, strlen(text), &links, &error));
    for (size_t i = 0; i < links.count; i++) {
        const wxs_found_link *link = &links.link[i];
        int size = (int)(link->end - link->start);

        if (link->kind == WXS_FOUND_CUT)
            len += (size_t)snprintf(got + len, sizeof(got) - len, "-%.*s ",
                                    size, text + link->start);
        else
            len +=
                (size_t)snprintf(got + len, sizeof(got) - len, "%.*s>%.*s ",
                                 size, text + link->start, (int)link->url_len,
                                 links.text.data + link->url);
    }
    ck_assert_msg(strcmp(got, expected) == 0, "%s\n  gives %s\n  not   %s",
                  text, got, expected);
    wxs_found_links_free(&links);
}

static void
expect_link(const char *text, const char *url)
{
    char expected[512] = "";

    if (url[0] != '\0')
        snprintf(expected, sizeof(expected), "%s>%s ", url, url);
    expect_links(text, expected);
}

START_TEST(where_a_link_begins)
{
    expect_link("http://a.example", "http://a.example");
    expect_link("see HTTPS://a.example/ there", "HTTPS://a.example/");
    expect_link("x:http://a.example", "http://a.example");
    expect_link("\xe8\xaf\xb7http://a.example", "http://a.example");
    expect_link("xhttp://a.example", "");
    expect_link("0https://a.example", "");
    expect_link("ftp://a.example mailto:a@b.example www.a.example", "");
    expect_link("http:/a.example http:a http", "");
    expect_link("http://", "");
    expect_link("://://http://a.example", "http://a.example");
    expect_links("http://a.example http://b.example",
                 "http://a.example>http://a.example "
                 "http://b.example>http://b.example ");
}
END_TEST

START_TEST(where_a_link_ends)
{
    static const char *const ends[] = {
        " x",        "\n",
        "\t",        ">x",
        "<x",        "\"x",
        ". ",        ", x",
        "!?",        ")",
        "].",        "}",
        "...",       "'",
        "*",         "\xe2\x80\x9dx",
        "\xc2\xbbx", "`x",
        "|x",        "\\x",
        ":",         "\xe3\x80\x82x",
        "\x7f",      "_",
    };
    char text[128];

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        snprintf(text, sizeof(text), "(http://a.example/b%s", ends[i]);
        expect_link(text, "http://a.example/b");
    }
    expect_link("<http://a.example/b>", "http://a.example/b");
    expect_link("(http://a.example/b_(c))", "http://a.example/b_(c)");
    expect_link("http://a.example/b_(c).", "http://a.example/b_(c)");
    expect_link("[http://a.example/?b[]=1]", "http://a.example/?b[]=1");
    expect_link("http://a.example/?b=1&c=2#d,e;",
                "http://a.example/?b=1&c=2#d,e");
    expect_links("http://a.example/\xc3\xbc.",
                 "http://a.example/\xc3\xbc>http://a.example/%C3%BC ");
}
END_TEST

START_TEST(left_alone)
{
    expect_link("http://a.example/{{id}}", "");
    expect_link("http://a.example/?%recipient.id%", "");
    expect_link("http://a.example[[data-msys-clicktrack=\"0\"]] x", "");
    expect_link("http://a.example[[data-msys-clicktrack=\"1\"]]",
                "http://a.example");
    expect_links("https+notrack://a.example HTTP+NOTRACK://b http+notrack:x",
                 "-+notrack -+NOTRACK ");
    expect_links("xhttp+notrack://a", "");
}
END_TEST

START_TEST(linear_time)
{
    static const char *const patterns[] = {
        "http://",
        "://",
        "a",
        "+://",
        "(",
        "http://a.example/(",
        ")",
        "http://a.example[[data-msys-clicktrack",
        "http+notrack://",
    };
    char *text = malloc(HUGE_LEN);

    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        size_t len = strlen(patterns[i]);
        clock_t start = clock();
        wxs_found_links links;
        wxs_error error;

        for (size_t at = 0; at < HUGE_LEN; at++)
            text[at] = patterns[i][at % len];
        ck_assert(wxs_text_links_find(text, HUGE_LEN, &links, &error));
        wxs_found_links_free(&links);
        ck_assert_msg((double)(clock() - start) / CLOCKS_PER_SEC < 10, "%s",
                      patterns[i]);
    }
    free(text);
}
END_TEST

static void
expect_utm(const char *url, const char *expected)
{
    const wxs_utm utm = {{"a b", NULL, "\xc3\xbc&", NULL, NULL}};
    wxs_buffer out = {0};

    wxs_utm_add(&utm, url, strlen(url), &out);
    ck_assert_uint_le(out.len, strlen(url) + wxs_utm_size(&utm));
    ck_assert_uint_eq(out.len, strlen(expected));
    ck_assert_mem_eq(out.data, expected, out.len);
    wxs_buffer_free(&out);
}

START_TEST(parameters)
{
    const wxs_utm none = {{NULL}};

    ck_assert_uint_eq(wxs_utm_size(&none), 0);
    expect_utm("http://a", "http://a?utm_source=a%20b&utm_campaign=%C3%BC%26");
    expect_utm("http://a/?b=%2f#c?d",
               "http://a/?b=%2f&utm_source=a%20b&utm_campaign=%C3%BC%26#c?d");
    expect_utm("http://a/?",
               "http://a/?utm_source=a%20b&utm_campaign=%C3%BC%26");
    expect_utm("http://a/?b&",
               "http://a/?b&utm_source=a%20b&utm_campaign=%C3%BC%26");
    expect_utm("http://a/?utm_source=x",
               "http://a/?utm_source=x&utm_campaign=%C3%BC%26");
    expect_utm("http://a/?x&UTM_campaign&utm_source=",
               "http://a/?x&UTM_campaign&utm_source=");
    expect_utm("http://a/?utm_sourcex=1#utm_campaign=1",
               "http://a/?utm_sourcex=1&utm_source=a%20b&utm_campaign=%C3%BC%26"
               "#utm_campaign=1");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("text_links");
    TCase *links = tcase_create("links");
    SRunner *runner;
    int failed;

    tcase_set_timeout(links, 60);
    tcase_add_test(links, where_a_link_begins);
    tcase_add_test(links, where_a_link_ends);
    tcase_add_test(links, left_alone);
    tcase_add_test(links, linear_time);
    tcase_add_test(links, parameters);
    suite_add_tcase(suite, links);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
