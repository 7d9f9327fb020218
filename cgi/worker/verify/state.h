#ifndef WXS_VERIFY_STATE_H
#define WXS_VERIFY_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match.h"

/* The states of a domain and of its records. Pure: time and chance are given.
 * Not knowing never moves a domain towards failed. */

typedef enum {
    WXS_NOT_STARTED,
    WXS_PENDING,
    WXS_VERIFIED,
    WXS_FAILED,
    WXS_TEMPORARY_FAILURE,
} wxs_state;

/* The columns of a domain's row; times are microseconds since 1970, 0 = NULL.
 */
typedef struct {
    wxs_state state;
    int64_t since;
    /* pending: the first definite answer; verified: the first definite miss
     * that is not confirmed yet; temporary_failure: the last check if it was
     * a definite miss */
    int64_t definite_since;
    int64_t missing_ms; /* temporary_failure: definite misses summed up */
    int64_t next_check_at;
    int64_t checks; /* since the state began */
    /* verified: since when checks have found out nothing */
    int64_t unknown_since;
} wxs_state_row;

typedef struct {
    wxs_record_kind kind;
    wxs_class class;
    bool confirmed;     /* a good verdict that a second answer bears out */
    bool definite;      /* some nameserver gave a definite answer */
    bool verified;      /* the record's status before this check */
    bool optional;      /* the domain does without this record */
    int64_t created_at; /* of an optional record that was added to a domain:
                           when that was, else 0 */
} wxs_state_input;

typedef struct {
    int64_t window_ms;
    int64_t min_interval_ms;
    int64_t max_interval_ms;
    int64_t watch_interval_ms;
    /* how far apart two misses have to be at least, beside the rules; for
     * answers that came from a cache */
    int64_t stale_ms;
    uint32_t chance; /* spreads the checks of verified domains */
} wxs_state_settings;

typedef struct {
    wxs_state_row row;
    const char *cause; /* of the history row, NULL if the state stays */
    bool unreachable;  /* failed, and nothing was ever definite */
} wxs_state_step;

/* The row after a check that ended now. */
wxs_state_step wxs_state_next(const wxs_state_row *row,
                              const wxs_state_input *inputs, size_t count,
                              int64_t now, const wxs_state_settings *settings);

/* A record's status after a check, given the one before, its verdict and the
 * domain's new state. */
wxs_state wxs_state_of_record(wxs_state before, const wxs_state_input *input,
                              wxs_state domain);

const char *wxs_state_name(wxs_state state);
wxs_state wxs_state_parse(const char *name); /* not_started if it is none */

#endif
