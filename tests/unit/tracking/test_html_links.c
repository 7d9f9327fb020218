#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "destination.h"
#include "html_links.h"

#define HUGE_LEN ((size_t)16 << 20)

static wxs_found_links
find(const char *html, size_t len)
{
    wxs_found_links links;
    wxs_error error;

    ck_assert(wxs_html_links_find(html, len, &links, &error));
    return links;
}

/* Runs without NUL behind the text, so that a sanitizer sees overruns. */
static wxs_found_links
find_exact(const char *html)
{
    size_t len = strlen(html);
    char *copy = malloc(len == 0 ? 1 : len);
    wxs_found_links links;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, html, len);
    links = find(copy, len);
    free(copy);
    return links;
}

/* expected: the destinations, each followed by a space */
static void
expect_links(const char *html, const char *expected)
{
    wxs_found_links links = find_exact(html);
    char got[4096] = "";
    size_t len = 0;

    for (size_t i = 0; i < links.count; i++) {
        const wxs_found_link *link = &links.link[i];
        ck_assert_uint_le(link->url + link->url_len, links.text.len);
        ck_assert_uint_lt(len + link->url_len + 2, sizeof(got));
        memcpy(got + len, links.text.data + link->url, link->url_len);
        len += link->url_len;
        got[len++] = ' ';
        got[len] = '\0';
    }
    ck_assert_msg(strcmp(got, expected) == 0, "%s\n  gives %s\n  not   %s",
                  html, got, expected);
    wxs_found_links_free(&links);
}

/* The one destination of the value between double quotes, or "". */
static void
expect_value(const char *value, const char *expected)
{
    char html[1024];
    char line[1024] = "";

    snprintf(html, sizeof(html), "<a href=\"%s\">", value);
    if (expected[0] != '\0')
        snprintf(line, sizeof(line), "%s ", expected);
    expect_links(html, line);
}

START_TEST(link_elements)
{
    expect_links("<a href=\"http://a.example/\">x</a>", "http://a.example/ ");
    expect_links("<AREA HREF='http://a.example/'>", "http://a.example/ ");
    expect_links("<v:roundrect href=http://a.example>", "http://a.example ");
    expect_links("<V:Shape href=http://a.example/><v:rect href=http://b.example"
                 " />",
                 "http://a.example/ http://b.example ");
    expect_links("<v:fill href=\"http://a.example/\">", "");
    expect_links("<link href=\"http://a.example/\"><base href=http://b.example>"
                 "<abbr href=http://c.example><img href=http://d.example>",
                 "");
    expect_links("<template><a href=http://a.example></template>",
                 "http://a.example ");
    expect_links("</a href=http://a.example>", "");
    expect_links("<a name=x>", "");
}
END_TEST

START_TEST(attributes)
{
    expect_links("<a\nclass=x\thref = \r\n\"http://a.example/\"\f>",
                 "http://a.example/ ");
    expect_links("<a/href='http://a.example/'/>", "http://a.example/ ");
    expect_links("<a x=\"1\"href='http://a.example/'y>", "http://a.example/ ");
    expect_links("<a href=http://a.example/b/>", "http://a.example/b/ ");
    expect_links("<a href=http://a.example/\"q'>", "http://a.example/%22q' ");
    expect_links("<a title='>' href=http://a.example>", "http://a.example ");
    expect_links("<a href>", "");
    expect_links("<a href=>http://a.example", "");
    expect_links("<a href=\"\">", "");
    expect_links("<a =href=http://a.example>", "");
    expect_links("<a data-href=http://a.example xlink:href=http://b.example>",
                 "");
    expect_links("<a href=http://a.example HREF=http://b.example>",
                 "http://a.example ");
    expect_links("<a href=\"\" href=http://b.example>", "");
    expect_links("<a title=\"<a href=http://a.example>\">", "");
    expect_links("<a {{#if x}}href=\"http://a.example\"{{/if}}>", "");
}
END_TEST

START_TEST(unfinished)
{
    expect_links("", "");
    expect_links("<", "");
    expect_links("<a", "");
    expect_links("<a href=http://a.example", "");
    expect_links("<a href=\"http://a.example", "");
    expect_links("<a href=\"http://a.example\"", "");
    expect_links("<a href=\"http://a.example><a href='http://b.example'>", "");
    expect_links("<a href=\"x><a href=\"http://b.example\">y", "");
    expect_links("<a <a href=http://a.example>", "http://a.example ");
    expect_links("< a href=http://a.example>", "");
    expect_links("<<a href=http://a.example>", "http://a.example ");
    expect_links("</", "");
    expect_links("<!", "");
    expect_links("<!--", "");
    expect_links("<!--[if mso]><a href=\"http://a.example\"", "");
}
END_TEST

START_TEST(comments)
{
    static const char a[] = "<a href=http://a.example>";
    static const struct {
        const char *before;
        bool shown;
    } cases[] = {
        {"<!-- ", false},
        {"<!-->", true},
        {"<!--->", true},
        {"<!---->", true},
        {"<!-- --!>", true},
        {"<!----!>", true},
        {"<!--!>", false},
        {"<!-- -- >", false},
        {"<!-- <!-->", true},
        {"<!-- - ->", false},
        {"<!->", true},
        {"<!doctype html>", true},
        {"<?xml a='>'?>", true},
        {"</ >", true},
        {"</>", true},
        {"<![CDATA[>", true},
        {"<!DOCTYPE \"", false},
        {"<? ", false},
        {"<!--[if mso]-->", true},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char html[128];
        snprintf(html, sizeof(html), "%s%s", cases[i].before, a);
        /* "<? <a ...>" hides the tag as the comment that it ends */
        expect_links(html, cases[i].shown ? "http://a.example " : "");
    }
}
END_TEST

START_TEST(conditional_comments)
{
    expect_links("<!--[if mso]><v:rect href=\"http://a.example\"></v:rect>"
                 "<![endif]--><a href=http://b.example>",
                 "http://a.example http://b.example ");
    expect_links("<!--[if !mso]><!--><a href=http://a.example><!--<![endif]-->"
                 "<a href=http://b.example>",
                 "http://a.example http://b.example ");
    expect_links("<!-- [IF (gte mso 9)|(IE)]><a href=http://a.example>"
                 "<![endif]-->",
                 "http://a.example ");
    expect_links("<![if !mso]><a href=http://a.example><![endif]>",
                 "http://a.example ");
    expect_links("<!--[if mso]><!--[if gte mso 12]><a href=http://a.example>"
                 "<![endif]--><a href=http://b.example><![endif]-->",
                 "http://a.example http://b.example ");
    /* whatever is open inside ends with the comment */
    expect_links(
        "<!--[if mso]><a title=\"<![endif]--><a href=http://b.example>",
        "http://b.example ");
    expect_links("<!--[if mso]><style> <![endif]--><a href=http://b.example>",
                 "http://b.example ");
    expect_links("<!--[if mso]><!-- <a href=http://a.example><![endif]-->"
                 "<a href=http://b.example>",
                 "http://b.example ");
    expect_links("<!--[if mso <a href=http://a.example> --><a "
                 "href=http://b.example>",
                 "http://b.example ");
    expect_links("<!--[if mso]><a href=http://a.example>", "http://a.example ");
    expect_links("<style><!--[if mso]><a href=http://a.example></style>", "");
}
END_TEST

START_TEST(raw_text)
{
    static const char *const elements[] = {
        "script", "style",    "xmp",      "iframe", "noembed",
        "title",  "textarea", "noframes", "STYLE",
    };

    for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
        char html[256];
        snprintf(html, sizeof(html),
                 "<%s x><a href=http://a.example></b></%sx></%s\n><a "
                 "href=http://b.example>",
                 elements[i], elements[i], elements[i]);
        expect_links(html, "http://b.example ");
        snprintf(html, sizeof(html), "<%s><a href=http://a.example></%s",
                 elements[i], elements[i]);
        expect_links(html, "");
    }
    expect_links("<plaintext></plaintext><a href=http://a.example>", "");
    expect_links("<noscript><a href=http://a.example></noscript>",
                 "http://a.example ");
    expect_links("</script><a href=http://a.example>", "http://a.example ");
    expect_links("<script><!--<script></script><a href=http://a.example>"
                 "</script><a href=http://b.example>",
                 "http://b.example ");
    expect_links("<script><!--<script>--></script><a href=http://a.example>",
                 "http://a.example ");
    expect_links("<script><!--></script><a href=http://a.example>",
                 "http://a.example ");
}
END_TEST

START_TEST(entities)
{
    expect_value("http://a.example/?a=1&amp;b=2", "http://a.example/?a=1&b=2");
    expect_value("http://a.example/?a=1&b=2", "http://a.example/?a=1&b=2");
    expect_value("http://a.example/?a&copy=1", "http://a.example/?a&copy=1");
    expect_value("http://a.example/?a&copy1", "http://a.example/?a&copy1");
    expect_value("http://a.example/?a&copy", "http://a.example/?a%C2%A9");
    expect_value("http://a.example/?a&copy;=1", "http://a.example/?a%C2%A9=1");
    expect_value("http://a.example/?a&amp=1", "http://a.example/?a&amp=1");
    expect_value("http://a.example/?a&AMP-1", "http://a.example/?a&-1");
    expect_value("http://a.example/?&notit;", "http://a.example/?&notit;");
    expect_value("http://a.example/?&notin;", "http://a.example/?%E2%88%89");
    expect_value("http://a.example/?&euro", "http://a.example/?&euro");
    expect_value("http://a.example/&CounterClockwiseContourIntegral;",
                 "http://a.example/%E2%88%B3");
    expect_value("http://a.example/&CounterClockwiseContourIntegralX;",
                 "http://a.example/&CounterClockwiseContourIntegralX;");
    expect_value("http://a.example/&nGt;",
                 "http://a.example/%E2%89%AB%E2%83%92");
    expect_value("&#104;ttp&colon;&#x2f;&#X2F;a.example&#47",
                 "http://a.example/");
    expect_value("http://a.example/&#128;&#0;&#xd800;&#x110000;&#x99999999999;",
                 "http://a.example/%E2%82%AC%EF%BF%BD%EF%BF%BD%EF%BF%BD"
                 "%EF%BF%BD");
    expect_value("http://a.example/&#x1F600;", "http://a.example/%F0%9F%98%80");
    expect_value("http://a.example/?&#;&#x;&#xg;&;&",
                 "http://a.example/?&#;&#x;&#xg;&;&");
    expect_value("http://a.example/&#10;b&Tab;c&NewLine;",
                 "http://a.example/bc");
    expect_links("<a href='http://a.example/?x=&quot;'>",
                 "http://a.example/?x=%22 ");
}
END_TEST

START_TEST(destinations)
{
    expect_value(" \t\nhttp://a.example/\r\n ", "http://a.example/");
    expect_value("ht\ntp://a.ex\r\nample/\tb", "http://a.example/b");
    expect_value("HTTPS://A.Example/%2f%zz%", "HTTPS://A.Example/%2f%zz%");
    expect_value("http://u:p@a.example:8080/", "http://u:p@a.example:8080/");
    expect_value("http://[2001:db8::1]:80/", "http://[2001:db8::1]:80/");
    expect_value("http://127.0.0.1", "http://127.0.0.1");
    expect_value("http://a.example/~!$&'()*+,;=:@[]#?/#%",
                 "http://a.example/~!$&'()*+,;=:@[]#?/#%");
    expect_value("http://a.example/a b<>`{}|^?\\",
                 "http://a.example/a%20b%3C%3E%60%7B%7D%7C%5E?%5C");
    expect_value("http://a.example/\x7f\x01", "http://a.example/%7F");
    expect_value("http://a.example/\xc3\xbc?\xe2\x82\xac#\xc3\xbc",
                 "http://a.example/%C3%BC?%E2%82%AC#%C3%BC");
    expect_value("http://\xc3\xbc@a.example/", "http://%C3%BC@a.example/");
}
END_TEST

START_TEST(left_alone)
{
    static const char *const values[] = {
        "mailto:x@a.example",
        "//a.example/",
        "/path",
        "#top",
        "tel:1",
        "",
        "javascript:location='http://a.example/'",
        "ftp://a.example/",
        "http:a.example",
        "http:/a.example",
        "http:\\\\a.example",
        "http:\\/a.example",
        "http:///a.example",
        "http://",
        "http://?",
        "http://@/",
        "http://a.example\\b",
        "http://a.example/b\\c",
        "http://a b.example/",
        "http://a|b.example/",
        "http://a.example:x/",
        "http://a.example:80\xc3\xbc/",
        " ht tp://x",
        "{{ url }}",
        "http://a.example/{{id}}",
        "http://a.example/{% x %}",
        "http://a.example/?*|MERGE|*",
        "http://a.example/%%name%%",
        "http://%%host%%/",
        "http://a.example/<%= x %>",
        "http://a.example/&#123;&lbrace;id}}",
        "http://a.example/${id}",
        "http://a.example/?x=%recipient.id%",
    };

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        expect_value(values[i], "");
    expect_value("http://a.example/%%", "http://a.example/%%");
    expect_value("http://a.example/%%%%", "http://a.example/%%%%");
    expect_value("http://a.example/{id}", "http://a.example/%7Bid%7D");
}
END_TEST

START_TEST(international_hosts)
{
    expect_value("https://b\xc3\xbc"
                 "cher.example/\xc3\xbc",
                 "https://xn--bcher-kva.example/%C3%BC");
    expect_value("https://B\xc3\x9c"
                 "CHER.Example:8080/",
                 "https://xn--bcher-kva.example:8080/");
    expect_value("http://fa\xc3\x9f.example", "http://xn--fa-hia.example");
    expect_value("http://u@\xe4\xbe\x8b\xe3\x80\x82"
                 "example/",
                 "http://u@xn--fsq.example/");
    /* look-alikes of "/", "@" and ":" must not end the host */
    expect_value("http://a.example\xef\xbc\x8f.b.example/", "");
    expect_value("http://a\xef\xbc\xa0"
                 "b.example/",
                 "");
    expect_value("http://a.example\xef\xbc\x9a"
                 "80/",
                 "");
    expect_value("http://\xe2\x80\xae.example/", "");
    expect_value("http://\xff\xfe.example/", "");
    expect_value("http://\xef\xbf\xbd.example/", "");
}
END_TEST

START_TEST(opt_outs)
{
    static const char *const off[] = {
        "data-waxseal=off",
        "DATA-WAXSEAL='OFF'",
        "data-waxseal=\" off \"",
        "ses:no-track",
        "data-pm-no-track",
        "data-pm-no-track=true",
        "data-no-link-tracking",
        "disable-tracking=true",
        "disable-tracking",
        "data-disable-tracking=true",
        "mc:disable-tracking",
        "mautic:disable-tracking=\"true\"",
        "dub-no-track",
        "data-ct-no-track",
        "data-no-track",
        "data-notrack",
        "no-track",
        "notrack",
        "clicktracking=off",
        "clicktracking=\"no\"",
        "clicktracking=false",
        "data-clicktracking=off",
        "data-click-tracking=off",
        "data-msys-clicktrack=\"0\"",
        "autotrack=false",
        "class=untracked",
        "class=\"x\nuntracked y\"",
        "class=mktNoTrack",
    };
    static const char *const on[] = {
        "data-waxseal",     "data-waxseal=on", "disable-tracking=false",
        "clicktracking=on", "clicktracking",   "data-msys-clicktrack=1",
        "class=untracked2", "class=\"\"",      "title=untracked",
        "data-x=off",
    };
    char html[256];

    for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
        snprintf(html, sizeof(html), "<a %s href=http://a.example>", off[i]);
        expect_links(html, "");
        snprintf(html, sizeof(html),
                 "<a href=\"http://a.example\" %s><a href=http://b.example>",
                 off[i]);
        expect_links(html, "http://b.example ");
    }
    for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++) {
        snprintf(html, sizeof(html), "<a %s href=http://a.example>", on[i]);
        expect_links(html, "http://a.example ");
    }
    expect_links("<p ses:no-track><a href=http://a.example>",
                 "http://a.example ");
}
END_TEST

static void
expect_length(size_t destination, size_t count, size_t too_long)
{
    static const char head[] = "<a href=\"http://a.example/";
    size_t len = sizeof(head) - 1 + destination - 17;
    char *html = malloc(len + 2);
    wxs_found_links links;

    ck_assert_ptr_nonnull(html);
    memset(html, 'x', len);
    memcpy(html, head, sizeof(head) - 1);
    memcpy(html + len, "\">", 2);
    links = find(html, len + 2);
    ck_assert_uint_eq(links.count, count);
    ck_assert_uint_eq(links.too_long, too_long);
    wxs_found_links_free(&links);
    free(html);
}

START_TEST(too_long)
{
    expect_length(WXS_DESTINATION_MAX, 1, 0);
    expect_length(WXS_DESTINATION_MAX + 1, 0, 1);
    expect_length(1 << 20, 0, 1);
}
END_TEST

/* expected: the document with [P] where the pixel goes, [T] where one at the
 * top does */
static void
expect_pixel(const char *html, const char *expected)
{
    wxs_found_links links = find(html, strlen(html));
    char got[256];
    size_t top = links.has_top ? links.top : 0;

    ck_assert(links.has_top || links.top == 0);
    ck_assert_uint_le(top, links.pixel);
    snprintf(got, sizeof(got), "%.*s%s%.*s[P]%s", (int)top, html,
             links.has_top ? "[T]" : "", (int)(links.pixel - top), html + top,
             html + links.pixel);
    ck_assert_str_eq(got, expected);
    wxs_found_links_free(&links);
}

START_TEST(pixel)
{
    expect_pixel("", "[P]");
    expect_pixel("x", "x[P]");
    expect_pixel("<p>x</BODY ></html>", "<p>x[P]</BODY ></html>");
    expect_pixel("</body>a</body>b", "</body>a[P]</body>b");
    expect_pixel("</body><!-- </body> -->", "[P]</body><!-- </body> -->");
    expect_pixel("</body><!--[if mso]></body><![endif]-->",
                 "[P]</body><!--[if mso]></body><![endif]-->");
    expect_pixel("<script></body></script>", "<script></body></script>[P]");
    expect_pixel("<p title='</body>'></bodyx>",
                 "<p title='</body>'></bodyx>[P]");
    expect_pixel("x</body", "x[P]</body");
    expect_pixel("<a href=http://a.example>x</body><a href='http://b.example'>",
                 "<a href=http://a.example>x[P]</body>"
                 "<a href='http://b.example'>");
    expect_pixel("</body><a href=http://a.example>",
                 "[P]</body><a href=http://a.example>");
}
END_TEST

START_TEST(pixel_at_the_top)
{
    expect_pixel("<html><head><title><body></title></head><BODY class='>'>x",
                 "<html><head><title><body></title></head><BODY class='>'>[T]x"
                 "[P]");
    expect_pixel("<!--[if mso]><body><![endif]--><body>x<body></body>",
                 "<!--[if mso]><body><![endif]--><body>[T]x<body>[P]</body>");
    expect_pixel("<!--[if mso]><body><![endif]-->x",
                 "<!--[if mso]><body><![endif]-->x[P]");
    expect_pixel("<bodyx>", "<bodyx>[P]");
    expect_pixel("<body", "<body[P]");
}
END_TEST

/* What a link is called and tagged: "name|tags". */
static void
expect_name(const char *attribute, const char *expected)
{
    char html[1024];
    char got[512];
    wxs_found_links links;

    snprintf(html, sizeof(html), "<a href=http://a.example %s>", attribute);
    links = find_exact(html);
    ck_assert_uint_eq(links.count, 1);
    snprintf(got, sizeof(got), "%.*s|%.*s", (int)links.link[0].name_len,
             links.text.data + links.link[0].name, (int)links.link[0].tags_len,
             links.text.data + links.link[0].tags);
    ck_assert_str_eq(got, expected);
    wxs_found_links_free(&links);
}

START_TEST(names_and_tags)
{
    char longest[300] = "data-waxseal-name='";
    char expected[300] = "";

    expect_name("", "|");
    expect_name("data-waxseal-name=cta", "cta|");
    expect_name("DATA-MSYS-LINKNAME='The &quot;big&quot; one'",
                "The \"big\" one|");
    expect_name("ses:tags=\"a:1;b:2\"", "|a:1;b:2");
    expect_name("data-waxseal-tags='a:&uuml;' data-waxseal-name=x",
                "x|a:\xc3\xbc");
    /* cut at the end of a character */
    for (int i = 0; i < 67; i++) {
        strcat(longest, "\xe2\x82\xac");
        if (i < 66)
            strcat(expected, "\xe2\x82\xac");
    }
    strcat(longest, "'");
    strcat(expected, "|");
    expect_name(longest, expected);
}
END_TEST

static void
expect_special(const char *value, wxs_found_kind kind, const char *replaced)
{
    char html[256];
    wxs_found_links links;

    snprintf(html, sizeof(html), "<a href=\"%s\">x</a>", value);
    links = find_exact(html);
    ck_assert_uint_eq(links.count, replaced != NULL);
    if (replaced != NULL) {
        const wxs_found_link *link = &links.link[0];

        ck_assert_int_eq(link->kind, kind);
        ck_assert_uint_eq(link->end - link->start, strlen(replaced));
        ck_assert_mem_eq(html + link->start, replaced, strlen(replaced));
        ck_assert_uint_eq(link->url_len, 0);
    }
    wxs_found_links_free(&links);
}

START_TEST(links_that_are_not_tracked)
{
    expect_special("https+notrack://a.example", WXS_FOUND_CUT, "+notrack");
    expect_special("HTTP+NoTrack://a.example", WXS_FOUND_CUT, "+NoTrack");
    expect_special("ftp+notrack://a.example", WXS_FOUND_CUT, NULL);
    expect_special("https+notrack:a.example", WXS_FOUND_CUT, NULL);
    expect_special("https+notrack", WXS_FOUND_CUT, NULL);
    expect_special("waxseal:unsubscribe", WXS_FOUND_UNSUBSCRIBE,
                   "waxseal:unsubscribe");
    expect_special("waxseal:unsubscribed", WXS_FOUND_UNSUBSCRIBE, NULL);
    expect_special("waxseal:", WXS_FOUND_UNSUBSCRIBE, NULL);
}
END_TEST

/* 16 MiB of what makes careless scanners quadratic: seconds would be hours */
START_TEST(linear_time)
{
    static const char *const patterns[] = {
        "<",
        "a=",
        "<a href=\"",
        "<a ",
        "<!--",
        "<!--[if mso]>",
        "<!--[if ",
        "<!--[if-->",
        "<!-",
        "</",
        "<!",
        "<?",
        "<title><",
        "<script><!--",
        "</body",
        "&",
        "<a href='http://a.example/&#",
        "<a href=\"http://\xc3\xbc",
        "<a<a",
        "<![endif]",
        "--",
        "->",
        "<!-->",
        "<v:rect/",
        "<a href=x\"'>",
    };
    char *html = malloc(HUGE_LEN);

    ck_assert_ptr_nonnull(html);
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        size_t len = strlen(patterns[i]);
        clock_t start = clock();
        wxs_found_links links;
        double seconds;

        for (size_t at = 0; at < HUGE_LEN; at++)
            html[at] = patterns[i][at % len];
        links = find(html, HUGE_LEN);
        wxs_found_links_free(&links);
        seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
        ck_assert_msg(seconds < 10, "%s: %.1f s", patterns[i], seconds);
    }
    free(html);
}
END_TEST

START_TEST(one_huge_value)
{
    static const char head[] = "<a href=\"http://a.example/";
    static const char *const fillers[] = {"&amp;", "\xc3\xbc", "&", "%%", "{"};
    char *html = malloc(HUGE_LEN);

    ck_assert_ptr_nonnull(html);
    for (size_t i = 0; i < sizeof(fillers) / sizeof(fillers[0]); i++) {
        size_t len = strlen(fillers[i]);
        wxs_found_links links;

        for (size_t at = 0; at < HUGE_LEN; at++)
            html[at] = fillers[i][at % len];
        memcpy(html, head, sizeof(head) - 1);
        memcpy(html + HUGE_LEN - 2, "\">", 2);
        links = find(html, HUGE_LEN);
        ck_assert_uint_eq(links.count, 0);
        ck_assert_uint_eq(links.too_long, i < 3);
        wxs_found_links_free(&links);
    }
    free(html);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("html_links");
    TCase *finding = tcase_create("finding");
    TCase *limits = tcase_create("limits");
    SRunner *runner;
    int failed;

    tcase_add_test(finding, link_elements);
    tcase_add_test(finding, attributes);
    tcase_add_test(finding, unfinished);
    tcase_add_test(finding, comments);
    tcase_add_test(finding, conditional_comments);
    tcase_add_test(finding, raw_text);
    tcase_add_test(finding, entities);
    tcase_add_test(finding, destinations);
    tcase_add_test(finding, left_alone);
    tcase_add_test(finding, international_hosts);
    tcase_add_test(finding, opt_outs);
    tcase_add_test(finding, too_long);
    tcase_add_test(finding, pixel);
    tcase_add_test(finding, pixel_at_the_top);
    tcase_add_test(finding, names_and_tags);
    tcase_add_test(finding, links_that_are_not_tracked);
    suite_add_tcase(suite, finding);
    tcase_set_timeout(limits, 120);
    tcase_add_test(limits, linear_time);
    tcase_add_test(limits, one_huge_value);
    suite_add_tcase(suite, limits);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
