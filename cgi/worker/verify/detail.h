#ifndef WXS_VERIFY_DETAIL_H
#define WXS_VERIFY_DETAIL_H

#include "check.h"

/* What a check found, as JSON for the database. The texts are the caller's to
 * free; NULL if memory is out. */

/* A record's status_detail, see docs/verification.md. Times in microseconds,
 * next_check_at 0 = none. */
char *wxs_detail_record(const wxs_expected *expected,
                        const wxs_check_result *result, int64_t checked_at,
                        int64_t next_check_at);

/* The evidence of a change of state: per record its code and message, and the
 * code of the whole if it has one (may be NULL). */
char *wxs_detail_evidence(const wxs_check_job *job,
                          const wxs_check_result *results, const char *code);

const char *wxs_record_kind_name(wxs_record_kind kind);

#endif
