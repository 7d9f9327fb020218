#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "classify/networks.h"
#include "embedded.h"

/* Lists of networks: what an address finds, against a plain search of the same
 * list, and lists that are refused. */

#define NETWORKS 400

static wxs_network_table table;

static void
use(const char *text)
{
    wxs_error error;

    wxs_network_table_free(&table);
    ck_assert_msg(wxs_network_table_parse(text, &table, &error), "%s",
                  error.text);
}

static void
teardown(void)
{
    wxs_network_table_free(&table);
}

static void
parse_address(const char *text, uint8_t address[16])
{
    memset(address, 0, 16);
    if (strchr(text, ':') != NULL) {
        ck_assert_int_eq(inet_pton(AF_INET6, text, address), 1);
        return;
    }
    address[10] = address[11] = 0xff;
    ck_assert_int_eq(inet_pton(AF_INET, text, address + 12), 1);
}

/* The certainty found; -1 for none. */
static int
find(const char *text)
{
    const wxs_network_note *note;
    uint8_t address[16];

    parse_address(text, address);
    note = wxs_network_find(&table, address);
    return note == NULL ? -1 : note->certainty;
}

START_TEST(nested)
{
    use("# a comment\n"
        "\n"
        "192.0.2.0/24 a machine proxy 10\n"
        "192.0.2.128/25 b - relay 20\n"
        "192.0.2.200/32\tc relay machine 30\r\n"
        "2001:db8::/32 d machine - 40\n"
        "2001:db8:5::/48 e machine - 50\n");
    ck_assert_int_eq(find("192.0.1.255"), -1);
    ck_assert_int_eq(find("192.0.2.0"), 10);
    ck_assert_int_eq(find("192.0.2.127"), 10);
    ck_assert_int_eq(find("192.0.2.128"), 20);
    ck_assert_int_eq(find("192.0.2.199"), 20);
    ck_assert_int_eq(find("192.0.2.200"), 30);
    ck_assert_int_eq(find("192.0.2.201"), 20);
    ck_assert_int_eq(find("192.0.3.0"), -1);
    ck_assert_int_eq(find("2001:db7:ffff::1"), -1);
    ck_assert_int_eq(find("2001:db8::"), 40);
    ck_assert_int_eq(find("2001:db8:5::1"), 50);
    ck_assert_int_eq(find("2001:db8:6::"), 40);
    ck_assert_int_eq(find("2001:db9::"), -1);
    ck_assert_int_eq(find("::"), -1);
}
END_TEST

START_TEST(edges)
{
    use("0.0.0.0/0 a - - 1\n255.255.255.255/32 b - - 2\n"
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128 c - - 3\n"
        "10.0.0.0/8 d - - 4\n10.0.0.0/8 e - - 5\n");
    ck_assert_int_eq(find("0.0.0.0"), 1);
    ck_assert_int_eq(find("10.1.2.3"), 5); /* the later of the two */
    ck_assert_int_eq(find("11.0.0.0"), 1);
    ck_assert_int_eq(find("255.255.255.255"), 2);
    ck_assert_int_eq(find("::1"), -1);
    ck_assert_int_eq(find("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 3);
    use("::/0 all - - 7\n");
    ck_assert_int_eq(find("1.2.3.4"), 7);
    ck_assert_int_eq(find("::"), 7);
    ck_assert_int_eq(find("ffff::"), 7);
    use("");
    ck_assert_int_eq(find("1.2.3.4"), -1);
    ck_assert_int_eq(find("::1"), -1);
}
END_TEST

struct plain {
    uint8_t address[16];
    int prefix; /* of 128 */
};

static int
find_plain(const struct plain *networks, const uint8_t address[16])
{
    int best = -1, certainty = -1;

    for (int i = 0; i < NETWORKS; i++) {
        int bit = 0;

        while (bit < networks[i].prefix &&
               ((networks[i].address[bit / 8] ^ address[bit / 8]) >>
                    (7 - bit % 8) &
                1) == 0)
            bit++;
        if (bit == networks[i].prefix && bit >= best) {
            best = bit;
            certainty = i % 100;
        }
    }
    return certainty;
}

static void
make_address(uint8_t address[16])
{
    memset(address, 0, 16);
    if (rand() % 2) {
        address[10] = address[11] = 0xff;
        for (int i = 12; i < 16; i++)
            address[i] = (uint8_t)(rand() % 4);
    } else {
        for (int i = 0; i < 16; i++)
            address[i] = (uint8_t)(rand() % 2);
    }
}

START_TEST(as_a_plain_search)
{
    static struct plain networks[NETWORKS];
    static char text[NETWORKS * 80];
    size_t len = 0;

    srand((unsigned)_i);
    for (int i = 0; i < NETWORKS; i++) {
        struct plain *n = &networks[i];
        bool is4;
        char address[INET6_ADDRSTRLEN];

        make_address(n->address);
        is4 = n->address[10] == 0xff;
        n->prefix = is4 ? 96 + rand() % 33 : rand() % 129;
        for (int bit = n->prefix; bit < 128; bit++)
            n->address[bit / 8] &= (uint8_t) ~(1 << (7 - bit % 8));
        inet_ntop(is4 ? AF_INET : AF_INET6, n->address + (is4 ? 12 : 0),
                  address, sizeof address);
        len += (size_t)sprintf(text + len, "%s/%d x - - %d\n", address,
                               is4 ? n->prefix - 96 : n->prefix, i % 100);
    }
    use(text);
    for (int i = 0; i < 3000; i++) {
        const wxs_network_note *note;
        uint8_t address[16];

        make_address(address);
        note = wxs_network_find(&table, address);
        ck_assert_int_eq(note == NULL ? -1 : note->certainty,
                         find_plain(networks, address));
    }
}
END_TEST

START_TEST(refused)
{
    static const char *const bad[] = {
        "192.0.2.0/24 a machine proxy\n",
        "192.0.2.0/24 a machine proxy 10 x\n",
        "192.0.2.0 a machine proxy 10\n",
        "192.0.2.1/24 a machine proxy 10\n",
        "192.0.2.0/33 a machine proxy 10\n",
        "192.0.2.0/ a machine proxy 10\n",
        "192.0.2.0/-1 a machine proxy 10\n",
        "2001:db8::/129 a machine proxy 10\n",
        "192.0.2.0/24 a proxy proxy 10\n",
        "192.0.2.0/24 a human - 10\n",
        "192.0.2.0/24 a - - 101\n",
        "192.0.2.0/24 a - - x\n",
        "192.0.2.256/32 a - - 1\n",
        "192.0.2.0/24 \x01 - - 1\n",
    };
    wxs_network_table refuse;
    wxs_error error;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(!wxs_network_table_parse(bad[i], &refuse, &error), "%s",
                      bad[i]);
        ck_assert_ptr_nonnull(strstr(error.text, "line 1: "));
    }
}
END_TEST

START_TEST(built_in)
{
    const struct wxs_embedded *file = wxs_embedded_files;
    const wxs_network_note *note;
    uint8_t address[16];

    while (strcmp(file->path, "conf/networks.txt") != 0)
        file++;
    use(file->data);
    parse_address("40.94.1.1", address); /* Microsoft, not its protection */
    note = wxs_network_find(&table, address);
    ck_assert_ptr_nonnull(note);
    ck_assert_int_eq(note->click, WXS_FROM_MACHINE);
    ck_assert_int_eq(note->open, WXS_FROM_PROXY);
    parse_address("40.92.3.4", address);
    ck_assert_int_eq(wxs_network_find(&table, address)->open, WXS_FROM_MACHINE);
    parse_address("66.249.84.1", address);
    ck_assert_int_eq(wxs_network_find(&table, address)->open, WXS_FROM_PROXY);
    ck_assert_int_eq(wxs_network_find(&table, address)->click,
                     WXS_FROM_ANYBODY);
    parse_address("172.225.1.1", address);
    ck_assert_int_eq(wxs_network_find(&table, address)->click, WXS_FROM_RELAY);
    ck_assert_int_eq(find("192.0.2.1"), -1);
    ck_assert_int_eq(find("2001:db8::1"), -1);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("networks");
    TCase *tc = tcase_create("networks");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_test(tc, nested);
    tcase_add_test(tc, edges);
    tcase_add_loop_test(tc, as_a_plain_search, 1, 9);
    tcase_add_test(tc, refused);
    tcase_add_test(tc, built_in);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
