#include "catalogue.h"

/* DKIM records, rows D1 to D13, and what can happen to any TXT value, rows T1
 * to T9. */

#define KEY_RECORD "=" SELECTOR " "

static const catalogue_row rows[] = {
    {"T1", WXS_RECORD_DKIM, KEY_RECORD "\"v=DKIM1; k=rsa; p={KEY}\"", WXS_WRONG,
     "txt_literal_quotes", false},
    {"T1", WXS_RECORD_SPF, "=" SEND " \"" OUR_SPF "\"", WXS_WRONG,
     "txt_literal_quotes", false},
    {"T1", WXS_RECORD_DMARC, "=_dmarc." DOMAIN " \"v=DMARC1; p=none;\"",
     WXS_WRONG, "txt_literal_quotes", false},
    {"T2", WXS_RECORD_DKIM, KEY_RECORD "v=DKIM1\\; k=rsa\\; p={KEY}", WXS_WRONG,
     "txt_backslashes", false},
    {"T2", WXS_RECORD_DMARC, "=_dmarc." DOMAIN " v=DMARC1\\; p=none\\;",
     WXS_WRONG, "txt_backslashes", false},
    {"T3", WXS_RECORD_DKIM, SELECTOR ". 60 IN TXT v=DKIM1; k=rsa; p=x",
     WXS_WRONG, "txt_cut_at_semicolon", false},
    {"T3", WXS_RECORD_DMARC, "_dmarc." DOMAIN ". 60 IN TXT v=DMARC1; p=none",
     WXS_WRONG, "txt_cut_at_semicolon", false},
    {"T4", WXS_RECORD_SPF,
     SEND ". 60 IN TXT v=spf1 include:_spf.waxseal.example ~all", WXS_WRONG,
     "txt_spaces_lost", false},
    {"T5", WXS_RECORD_DKIM, KEY_RECORD "\xef\xbb\xbfv=DKIM1; k=rsa; p={KEY}",
     WXS_WRONG, "txt_not_ascii", false},
    {"T5", WXS_RECORD_SPF,
     "=" SEND " v=spf1 include:_spf.waxseal.example\xc2\xa0~all", WXS_WRONG,
     "txt_not_ascii", false},
    {"T5", WXS_RECORD_SPF,
     "=" SEND " \xe2\x80\x9cv=spf1 include:_spf.waxseal.example ~all"
     "\xe2\x80\x9d",
     WXS_WRONG, "txt_not_ascii", false},
    {"T6", WXS_RECORD_SPF,
     SEND ". 60 IN TXT \"v=spf1 inc\" \"lude:_spf.waxseal\" \".example ~all\"",
     WXS_EXACT, "ok", false},
    {"T7", WXS_RECORD_DKIM, KEY_RECORD "v=DKIM1;k=rsa;p={KEY};", WXS_SATISFIED,
     "ok", false},
    {"T7", WXS_RECORD_DKIM, KEY_RECORD "p={KEY}", WXS_SATISFIED, "ok", false},
    {"T7", WXS_RECORD_DKIM,
     KEY_RECORD "v=DKIM1; s=email; h=sha1:sha256; n=note; p={KEY}; x=y",
     WXS_SATISFIED, "ok", false},
    {"T7", WXS_RECORD_SPF,
     "=" SEND " V=SPF1  +Include:_SPF.waxseal.example  -all", WXS_SATISFIED,
     "ok", false},
    {"T8", WXS_RECORD_DKIM,
     KEY_RECORD "wx1._domainkey TXT v=DKIM1; k=rsa; p={KEY}", WXS_WRONG,
     "txt_name_in_value", false},
    {"T8", WXS_RECORD_SPF, "=" SEND " send TXT " OUR_SPF, WXS_WRONG,
     "txt_name_in_value", false},
    {"T9", WXS_RECORD_DKIM, KEY_RECORD "3600 v=DKIM1; k=rsa; p={KEY}",
     WXS_WRONG, "txt_number_in_value", false},
    {"T9", WXS_RECORD_SPF, "=" SEND " 300 IN TXT " OUR_SPF, WXS_WRONG,
     "txt_number_in_value", false},
    {"D1", WXS_RECORD_DKIM, KEY_RECORD "{HEAD}", WXS_WRONG, "dkim_truncated",
     false},
    {"D1", WXS_RECORD_DKIM, KEY_RECORD "{TAIL}", WXS_WRONG, "dkim_truncated",
     false},
    {"D2", WXS_RECORD_DKIM, KEY_RECORD "{HEAD}\n" KEY_RECORD "{TAIL}",
     WXS_CONFLICT, "dkim_split_records", false},
    {"D2", WXS_RECORD_DKIM, KEY_RECORD "{TAIL}\n" KEY_RECORD "{HEAD}",
     WXS_CONFLICT, "dkim_split_records", false},
    {"D3", WXS_RECORD_DKIM, KEY_RECORD "v=DKIM1; k=rsa; p=", WXS_WRONG,
     "dkim_revoked", false},
    {"D4", WXS_RECORD_DKIM, KEY_RECORD "v=DKIM1; k=rsa; p={OTHER}", WXS_WRONG,
     "dkim_other_key", false},
    {"D5", WXS_RECORD_DKIM, KEY_RECORD "v=DKIM1; k=rsa; p={SHORT}", WXS_WRONG,
     "dkim_short_key", false},
    {"D6", WXS_RECORD_DKIM, KEY_RECORD "v=DKIM1; k=rsa; p={LOWER}", WXS_WRONG,
     "dkim_case_changed", false},
    {"D7", WXS_RECORD_DKIM,
     KEY_RECORD "v=DKIM1; p=-----BEGIN PUBLIC KEY-----{KEY}", WXS_WRONG,
     "dkim_pem", false},
    {"D8", WXS_RECORD_DKIM, KEY_RECORD "{DKIM}\n" KEY_RECORD "something else",
     WXS_CONFLICT, "dkim_extra_record", false},
    {"D8", WXS_RECORD_DKIM,
     KEY_RECORD "v=DKIM1; p={OTHER}\n" KEY_RECORD "{DKIM}", WXS_CONFLICT,
     "dkim_extra_record", false},
    {"D8-", WXS_RECORD_DKIM,
     KEY_RECORD "something else\n" KEY_RECORD "v=DKIM1; p={OTHER}", WXS_WRONG,
     "dkim_other_key", false},
    {"D9", WXS_RECORD_DKIM, KEY_RECORD "v=DKIM1; h=sha1; p={KEY}", WXS_WRONG,
     "dkim_sha1", false},
    {"D10", WXS_RECORD_DKIM, KEY_RECORD "v=DKIM1; t=y; p={KEY}", WXS_SATISFIED,
     "dkim_testing", false},
    {"D10-", WXS_RECORD_DKIM, KEY_RECORD "v=DKIM1; t=s; p={KEY}", WXS_SATISFIED,
     "dkim_strict", false},
    {"D11", WXS_RECORD_DKIM, KEY_RECORD "v=DKIM1; k=rsa; p={PRIVATE}",
     WXS_WRONG, "dkim_private_key", false},
    {"D12", WXS_RECORD_DKIM, KEY_RECORD "v=DKIM1; k=ed25519; p={KEY}",
     WXS_WRONG, "dkim_key_type", false},
    {"D12", WXS_RECORD_DKIM,
     KEY_RECORD
     "v=DKIM1; k=rsa; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
     WXS_WRONG, "dkim_key_type", false},
    {"D13", WXS_RECORD_DKIM, SELECTOR ". 60 IN CNAME dkim.waxseal.example.",
     WXS_WRONG, "dkim_alias_empty", false},
    {"D13-", WXS_RECORD_DKIM,
     SELECTOR ". 60 IN CNAME k.hosted.example.\n=k.hosted.example {DKIM}",
     WXS_SATISFIED, "ok", false},
    {"D13-", WXS_RECORD_DKIM,
     SELECTOR ". 60 IN CNAME k.hosted.example.\n=k.hosted.example p={OTHER}",
     WXS_WRONG, "dkim_other_key", false},
    /* not in the catalogue, and wrong all the same */
    {"D", WXS_RECORD_DKIM, KEY_RECORD "v=DKIM1; k=rsa; p={KEY}$", WXS_WRONG,
     "dkim_bad_base64", false},
    {"D", WXS_RECORD_DKIM, KEY_RECORD "v=DKIM1; s=tlsrpt; p={KEY}", WXS_WRONG,
     "dkim_service", false},
    {"D", WXS_RECORD_DKIM, KEY_RECORD "k=rsa; v=DKIM1; p={KEY}", WXS_WRONG,
     "dkim_syntax", false},
    {"D", WXS_RECORD_DKIM, KEY_RECORD "v=DKIM2; p={KEY}", WXS_WRONG,
     "dkim_syntax", false},
    {"D", WXS_RECORD_DKIM, KEY_RECORD "p={KEY}; p={KEY}", WXS_WRONG,
     "dkim_syntax", false},
    {"D", WXS_RECORD_DKIM, KEY_RECORD "nothing of the kind", WXS_WRONG,
     "dkim_syntax", false},
};

START_TEST(catalogue)
{
    judge_rows(rows, sizeof rows / sizeof *rows);
}
END_TEST

START_TEST(folded_keys_are_the_same)
{
    static wxs_verdict verdict;
    char records[10000];
    catalogue_row row = {"T7", WXS_RECORD_DKIM, records, WXS_SATISFIED, "ok",
                         false};

    (void)snprintf(records, sizeof records,
                   KEY_RECORD "v=DKIM1; k=rsa; p=%.100s \t %s", made.key,
                   made.key + 100);
    judge_row(&row, &verdict);
}
END_TEST

START_TEST(messages_have_the_particulars)
{
    static wxs_verdict verdict;
    catalogue_row cut = {"D1",      WXS_RECORD_DKIM,  KEY_RECORD "{HEAD}",
                         WXS_WRONG, "dkim_truncated", false};
    catalogue_row other = {
        "D4",      WXS_RECORD_DKIM,  KEY_RECORD "v=DKIM1; k=rsa; p={OTHER}",
        WXS_WRONG, "dkim_other_key", false};
    catalogue_row odd = {
        "T5",      WXS_RECORD_DKIM, KEY_RECORD "a\xe2\x80\x8b\"\x01\xff\xc3",
        WXS_WRONG, "txt_not_ascii", false};

    judge_row(&cut, &verdict);
    ck_assert_ptr_nonnull(strstr(verdict.message, "after byte 255"));
    judge_row(&other, &verdict);
    ck_assert_ptr_nonnull(strstr(verdict.message, "fingerprint"));
    judge_row(&odd, &verdict);
    ck_assert_str_eq(verdict.found[0], "aU+200B\"\\x01\\xff\\xc3");
    ck_assert_ptr_nonnull(strstr(verdict.message, "U+200B at position 2"));
}
END_TEST

START_TEST(unknown_aliases_are_not_failures)
{
    judge_rows((const catalogue_row[]){{"-", WXS_RECORD_DKIM,
                                        "; silent hosted.example\n" SELECTOR
                                        ". 60 IN CNAME k.hosted.example.",
                                        WXS_TEMP, "beyond_unknown", false}},
               1);
}
END_TEST

int
main(void)
{
    return RUN("match dkim", catalogue, folded_keys_are_the_same,
               messages_have_the_particulars, unknown_aliases_are_not_failures);
}
