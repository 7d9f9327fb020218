#include "catalogue.h"

/* The return path's MX, rows M1 to M9, and the tracking host, rows C1 to C8. */

#define MX SEND ". 60 IN MX "
#define C  LINKS ". 60 IN CNAME "
#define A  LINKS ". 60 IN A "

static const catalogue_row rows[] = {
    {"M1", WXS_RECORD_MX, MX "0 " OUR_MX ".", WXS_SATISFIED, "mx_priority",
     false},
    {"M1", WXS_RECORD_MX, MX "10 " OUR_MX ".\n" MX "20 " OUR_MX ".",
     WXS_SATISFIED, "mx_priority", false},
    {"M1-", WXS_RECORD_MX, MX "10 Bounce.US.Waxseal.Example.", WXS_EXACT, "ok",
     false},
    {"M2", WXS_RECORD_MX, MX "10 10\\032" OUR_MX ".", WXS_WRONG,
     "mx_priority_in_value", false},
    {"M3", WXS_RECORD_MX, MX "10 203.0.113.10.", WXS_WRONG, "mx_address",
     false},
    {"M4", WXS_RECORD_MX,
     MX "10 in.customer2.example.\nin.customer2.example. 60 IN CNAME " OUR_MX
        ".",
     WXS_WRONG, "mx_alias", false},
    {"M5", WXS_RECORD_MX, MX "10 " OUR_MX ".\n" MX "1 aspmx.google.example.",
     WXS_CONFLICT, "mx_extra", false},
    {"M6", WXS_RECORD_MX, MX "0 .", WXS_WRONG, "mx_null", false},
    {"M7", WXS_RECORD_MX, MX "10 " OUR_MX "." DOMAIN ".", WXS_WRONG,
     "mx_relative", false},
    {"M7", WXS_RECORD_MX, MX "10 " OUR_MX "." SEND ".", WXS_WRONG,
     "mx_relative", false},
    {"M9", WXS_RECORD_MX, MX "10 bounce.eu.waxseal.example.", WXS_WRONG,
     "mx_other_region", false},
    {"M9-", WXS_RECORD_MX, MX "10 mail.other.example.", WXS_WRONG, "mx_other",
     false},
    {"M", WXS_RECORD_MX, MX "10 https://x.example.", WXS_WRONG, "mx_url",
     false},
    {"M", WXS_RECORD_MX, SEND ". 60 IN A 192.0.2.77", WXS_MISSING,
     "mx_implicit", false},
    {"M", WXS_RECORD_MX, "", WXS_MISSING, "missing", false},
    {"C6", WXS_RECORD_MX, SEND ". 60 IN CNAME www.other.example.", WXS_CONFLICT,
     "cname_conflict", true},
    {"C6", WXS_RECORD_SPF, SEND ". 60 IN CNAME www.other.example.",
     WXS_CONFLICT, "cname_conflict", true},
    {"C1", WXS_RECORD_TRACKING, A "203.0.113.5", WXS_WRONG,
     "proxied_cloudflare", false},
    {"C2", WXS_RECORD_TRACKING, A "192.0.2.80", WXS_SATISFIED,
     "cname_flattened", false},
    {"C2", WXS_RECORD_TRACKING, LINKS ". 60 IN AAAA 2001:db8::80",
     WXS_SATISFIED, "cname_flattened", false},
    /* our own target may be behind the proxy */
    {"C2", WXS_RECORD_TRACKING,
     A "203.0.113.5\n" TARGET ". 60 IN A 203.0.113.5", WXS_SATISFIED,
     "cname_flattened", false},
    {"C7", WXS_RECORD_TRACKING, A "192.0.2.80\n" A "192.0.2.81", WXS_SATISFIED,
     "cname_flattened", false},
    {"C3", WXS_RECORD_TRACKING,
     C "a.cdn.example.\na.cdn.example. 60 IN CNAME b.cdn.example.\n"
       "b.cdn.example. 60 IN CNAME " TARGET ".",
     WXS_SATISFIED, "cname_chain", false},
    {"C4", WXS_RECORD_TRACKING, C "https://" TARGET ".", WXS_WRONG, "cname_url",
     false},
    {"C5", WXS_RECORD_TRACKING, C TARGET "." DOMAIN ".", WXS_WRONG,
     "cname_relative", false},
    {"C8", WXS_RECORD_TRACKING, A "198.51.100.20", WXS_WRONG, "cname_forwarded",
     false},
    {"C", WXS_RECORD_TRACKING, A "198.51.100.200", WXS_WRONG, "cname_addresses",
     false},
    {"C", WXS_RECORD_TRACKING, C "other.example.", WXS_WRONG, "cname_other",
     false},
    {"C", WXS_RECORD_TRACKING,
     C "l1.example.\nl1.example. 60 IN CNAME l2.example.\n"
       "l2.example. 60 IN CNAME l1.example.",
     WXS_WRONG, "cname_loop", false},
    {"C", WXS_RECORD_TRACKING, "", WXS_MISSING, "missing", false},
    {"C?", WXS_RECORD_TRACKING, "; silent cdn.example\n" C "a.cdn.example.",
     WXS_TEMP, "beyond_unknown", false},
    {"C?", WXS_RECORD_TRACKING, "; silent " TARGET "\n" A "192.0.2.80",
     WXS_TEMP, "beyond_unknown", false},
};

START_TEST(catalogue)
{
    judge_rows(rows, sizeof rows / sizeof *rows);
}
END_TEST

/* A look found that the CDN in front of the host leads here. */
static const catalogue_row cdn_rows[] = {
    {"C1", WXS_RECORD_TRACKING, A "203.0.113.5", WXS_SATISFIED, "cname_cdn",
     false},
    {"C", WXS_RECORD_TRACKING, A "198.51.100.200", WXS_SATISFIED, "cname_cdn",
     false},
    {"C", WXS_RECORD_TRACKING, C "other.example.", WXS_SATISFIED, "cname_cdn",
     false},
    {"C-", WXS_RECORD_TRACKING, C TARGET ".", WXS_EXACT, "ok", false},
    {"C4", WXS_RECORD_TRACKING, C "https://" TARGET ".", WXS_WRONG, "cname_url",
     false},
    {"C", WXS_RECORD_TRACKING, "", WXS_MISSING, "missing", false},
    {"C?", WXS_RECORD_TRACKING, "; silent cdn.example\n" C "a.cdn.example.",
     WXS_TEMP, "beyond_unknown", false},
};

START_TEST(hosts_behind_a_cdn)
{
    wanted[WXS_RECORD_TRACKING].behind_cdn = true;
    judge_rows(cdn_rows, sizeof cdn_rows / sizeof *cdn_rows);
}
END_TEST

START_TEST(landmarks_are_read)
{
    static wxs_landmarks marks;
    wxs_error error = {""};
    const unsigned char inside[] = {104, 23, 0, 1};
    const unsigned char outside[] = {104, 28, 0, 1};

    ck_assert(wxs_landmarks_load("/nonexistent", &marks, &error));
    ck_assert_ptr_nonnull(
        wxs_landmark_of_address(&marks, WXS_LANDMARK_PROXY, inside, 4));
    ck_assert_ptr_null(
        wxs_landmark_of_address(&marks, WXS_LANDMARK_PROXY, outside, 4));
    ck_assert_ptr_null(
        wxs_landmark_of_address(&marks, WXS_LANDMARK_FORWARDER, inside, 4));
    ck_assert_ptr_nonnull(wxs_landmark_of_host(&marks, "ns1.sedoparking.com"));
    ck_assert_ptr_null(wxs_landmark_of_host(&marks, "ns1.nosedoparking.com"));
    ck_assert(!wxs_landmarks_parse("proxy 1.2.3.4/33 X\n", &marks, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "line 1"));
    ck_assert(!wxs_landmarks_parse("# x\nproxy 1.2.3/24 X\n", &marks, &error));
    ck_assert(!wxs_landmarks_parse("mirror 1.2.3.0/24 X\n", &marks, &error));
    ck_assert(!wxs_landmarks_parse("parking X\n", &marks, &error));
}
END_TEST

int
main(void)
{
    return RUN("match hosts", catalogue, hosts_behind_a_cdn,
               landmarks_are_read);
}
