#ifndef WXS_VERIFY_MATCH_KINDS_H
#define WXS_VERIFY_MATCH_KINDS_H

#include "match.h"

/* The judges of one nameserver's definite answer, one for each kind of record,
 * and what they share. A judge fills class, code, message, fix and found. */

void wxs_match_dkim(const wxs_expected *expected, const wxs_dns_answer *answer,
                    wxs_world *world, wxs_verdict *verdict);
/* The same where a CNAME into the operator's zone is to lead to the key. */
void wxs_match_dkim_alias(const wxs_expected *expected,
                          const wxs_dns_answer *answer, wxs_world *world,
                          wxs_verdict *verdict);
void wxs_match_spf(const wxs_expected *expected, const wxs_dns_answer *answer,
                   wxs_world *world, wxs_verdict *verdict);
void wxs_match_mx(const wxs_expected *expected, const wxs_dns_answer *answer,
                  wxs_world *world, wxs_verdict *verdict);
void wxs_match_dmarc(const wxs_expected *expected, const wxs_dns_answer *answer,
                     wxs_world *world, wxs_verdict *verdict);
void wxs_match_tracking(const wxs_expected *expected,
                        const wxs_dns_answer *answer, wxs_world *world,
                        wxs_verdict *verdict);

/* The type of DNS record that is asked for, and the name of the one that is to
 * be published. */
uint16_t wxs_match_type(wxs_record_kind kind);
const char *wxs_match_type_name(const wxs_expected *expected);

/* Is what stands there what was expected, wherever it stands? For looking at
 * likely wrong places; any DMARC policy will do. */
bool wxs_match_holds(const wxs_expected *expected,
                     const wxs_dns_answer *answer);

/* Says more of a record that is missing or wrong: where it stands instead, or
 * what answers in its place. Leaves the verdict as it is if there is nothing
 * to say. */
void wxs_match_hints(const wxs_expected *expected, const wxs_observation *seen,
                     size_t count, wxs_world *world, wxs_verdict *verdict);

/* Whether the record's zone is the one it ought to be in: not registered,
 * delegated elsewhere, parked. True if it is not, with the verdict filled. */
bool wxs_match_zone(const wxs_expected *expected, const wxs_observation *seen,
                    size_t count, wxs_world *world, wxs_verdict *verdict);

/* Of a record that is nowhere: whether the delegation explains it, else which
 * nameservers were asked. */
void wxs_match_delegation(const wxs_expected *expected,
                          const wxs_observation *seen, size_t count,
                          wxs_world *world, wxs_verdict *verdict);

/* One record of ours and all SPF records that are there, ready to paste; the
 * customer's own "all" stays. "" if that cannot be made. */
void wxs_match_spf_merge(const wxs_expected *expected,
                         const wxs_dns_answer *answer,
                         char text[WXS_FOUND_TEXT]);

/* Is what stands in the record's place there by a wildcard? True if so, with
 * the verdict filled. */
bool wxs_match_wildcard(const wxs_expected *expected,
                        const wxs_observation *seen, size_t count,
                        wxs_world *world, wxs_verdict *verdict);

/* A wildcard with our very value would be found at every wrong place. */
bool wxs_match_masked(const wxs_expected *expected, wxs_world *world);

/* Does the answer hold a DMARC policy? */
bool wxs_match_is_policy(const wxs_dns_answer *answer);

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

/* The verdict of class WXS_TEMP on a record that depends on name, of which
 * nothing is known now. */
void wxs_match_unknown(const char *name, wxs_verdict *verdict);

/* found is ours with a parent zone of fqdn appended? */
bool wxs_match_relative(const char *ours, const char *fqdn, const char *found);

/* Do two names differ in case only? A final dot does not matter. */
bool wxs_match_names(const char *a, const char *b);

#endif
