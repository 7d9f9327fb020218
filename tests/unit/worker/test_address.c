#include <arpa/inet.h>
#include <check.h>
#include <string.h>

#include "dns_address.h"

static struct sockaddr_storage
parse(const char *text)
{
    struct sockaddr_storage address;
    unsigned char bytes[16];
    bool v6 = strchr(text, ':') != NULL;

    ck_assert_int_eq(inet_pton(v6 ? AF_INET6 : AF_INET, text, bytes), 1);
    ck_assert_uint_gt(wxs_address_make(&address, bytes, v6 ? 16 : 4, 53), 0);
    return address;
}

static bool
allowed(const char *text, const wxs_networks *allow)
{
    struct sockaddr_storage address = parse(text);

    return wxs_address_allowed((const struct sockaddr *)&address, allow);
}

START_TEST(special_ranges_are_refused)
{
    static const char *const refused[] = {
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:8.8.8.8",
        "64:ff9b::1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:1ff::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff:fff::1",
        "5f00::1",
        "fc00::1",
        "fdff::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
    };
    static const wxs_networks none;

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        ck_assert_msg(!allowed(refused[i], &none), "%s", refused[i]);
    }
}
END_TEST

START_TEST(public_addresses_are_allowed)
{
    static const char *const fine[] = {
        "1.0.0.1",      "9.255.255.255", "11.0.0.0",   "100.63.255.255",
        "100.128.0.0",  "126.0.0.1",     "128.0.0.1",  "169.253.255.255",
        "172.15.0.1",   "172.32.0.0",    "192.0.1.1",  "192.0.3.1",
        "192.167.1.1",  "198.17.0.1",    "198.20.0.0", "223.255.255.255",
        "2001:200::1",  "2001:db9::1",   "2003::1",    "2400:cb00::1",
        "2606:4700::1", "2a00:1450::1",
    };
    static const wxs_networks none;

    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        ck_assert_msg(allowed(fine[i], &none), "%s", fine[i]);
    }
}
END_TEST

START_TEST(listed_networks_are_allowed)
{
    wxs_networks allow = {.count = 2};

    inet_pton(AF_INET6, "::ffff:127.0.0.0", &allow.item[0].address);
    allow.item[0].prefix = 104;
    inet_pton(AF_INET6, "fd00::", &allow.item[1].address);
    allow.item[1].prefix = 16;
    ck_assert(allowed("127.8.9.1", &allow));
    ck_assert(allowed("fd00:1::1", &allow));
    ck_assert(!allowed("fd01::1", &allow));
    ck_assert(!allowed("10.0.0.1", &allow));
    /* IPv4 in IPv6 clothes is no way around */
    ck_assert(!allowed("::ffff:127.0.0.1", &allow));
}
END_TEST

START_TEST(addresses_are_made_and_shown)
{
    struct sockaddr_storage address = parse("2001:db8::53");
    char text[WXS_ADDRESS_TEXT];

    wxs_address_text((const struct sockaddr *)&address, text);
    ck_assert_str_eq(text, "2001:db8::53");
    address = parse("192.0.2.53");
    wxs_address_text((const struct sockaddr *)&address, text);
    ck_assert_str_eq(text, "192.0.2.53");
    ck_assert_uint_eq(wxs_address_make(&address, (const void *)"12345", 5, 1),
                      0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("address");
    TCase *cases = tcase_create("address");
    SRunner *runner;
    int failed;

    tcase_add_test(cases, special_ranges_are_refused);
    tcase_add_test(cases, public_addresses_are_allowed);
    tcase_add_test(cases, listed_networks_are_allowed);
    tcase_add_test(cases, addresses_are_made_and_shown);
    suite_add_tcase(suite, cases);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
