#ifndef WXS_VERIFY_MATCH_KINDS_H
#define WXS_VERIFY_MATCH_KINDS_H

#include "match.h"

/* The judges of one nameserver's definite answer, one for each kind of record,
 * and what they share. A judge fills class, code, message, fix and found. */

void wxs_match_dkim(const wxs_expected *expected, const wxs_dns_answer *answer,
                    const wxs_beyond *beyond, wxs_verdict *verdict);
/* The same where a CNAME into the operator's zone is to lead to the key. */
void wxs_match_dkim_alias(const wxs_expected *expected,
                          const wxs_dns_answer *answer,
                          const wxs_beyond *beyond, wxs_verdict *verdict);
void wxs_match_spf(const wxs_expected *expected, const wxs_dns_answer *answer,
                   wxs_verdict *verdict);
void wxs_match_mx(const wxs_expected *expected, const wxs_dns_answer *answer,
                  wxs_verdict *verdict);
void wxs_match_dmarc(const wxs_expected *expected, const wxs_dns_answer *answer,
                     wxs_verdict *verdict);
void wxs_match_tracking(const wxs_expected *expected,
                        const wxs_dns_answer *answer, const wxs_beyond *beyond,
                        wxs_verdict *verdict);

/* Sets class and code; message and fix are cut at their bounds. */
void wxs_verdict_set(wxs_verdict *verdict, wxs_class class, const char *code);
void wxs_verdict_say(wxs_verdict *verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void wxs_verdict_fix(wxs_verdict *verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Notes a found value, escaped: printable ASCII as it is, other UTF-8 as
 * U+XXXX, other bytes as \xNN; long ones are cut with "...". */
void wxs_verdict_found(wxs_verdict *verdict, const void *data, size_t length);

/* Nothing is at the name, or only an alias where none may be. True if so, with
 * the verdict filled. type is for the message. */
bool wxs_match_absent(const wxs_expected *expected,
                      const wxs_dns_answer *answer, const char *type,
                      wxs_verdict *verdict);

/* Mistakes any TXT value can suffer when it is pasted; true if one is there,
 * with the verdict filled. */
bool wxs_match_pasted(const wxs_expected *expected, const wxs_dns_value *value,
                      wxs_verdict *verdict);

/* found is ours with a parent zone of fqdn appended? */
bool wxs_match_relative(const char *ours, const char *fqdn, const char *found);

/* Do two names differ in case only? A final dot does not matter. */
bool wxs_match_names(const char *a, const char *b);

#endif
