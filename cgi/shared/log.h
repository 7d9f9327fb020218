#ifndef WXS_SHARED_LOG_H
#define WXS_SHARED_LOG_H

/* Structured logs: one line of JSON an event on standard error,
 *   {"time":"2026-11-22T04:51:45.123Z","level":"info",
 *    "program":"waxseal-worker","message":"...","key":"value",...}
 * of at most 4096 bytes. Never give it secrets, message bodies or recipients'
 * data. */
typedef enum {
    WXS_LOG_DEBUG,
    WXS_LOG_INFO,
    WXS_LOG_WARN,
    WXS_LOG_ERROR,
} wxs_log_level;

/* program must outlive the process's last log line. Lines below the level of
 * the environment's WAXSEAL_LOG (debug, info, warn, error; default info) are
 * left out. */
void wxs_log_init(const char *program);

/* Logs a message, then pairs of strings: wxs_log(WXS_LOG_INFO, "domain
 * verified", "domain", id, "took_ms", text, NULL). Thread-safe; a NULL value
 * ends the list. */
void wxs_log(wxs_log_level level, const char *message, ...)
    __attribute__((sentinel));

#endif
