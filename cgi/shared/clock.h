#ifndef WXS_SHARED_CLOCK_H
#define WXS_SHARED_CLOCK_H

#include <stdint.h>

/* Microseconds since 1970, the unit of every time in control.db. */
int64_t wxs_now_us(void);

/* Milliseconds of the monotonic clock, for intervals. */
int64_t wxs_monotonic_ms(void);

#define WXS_TIME_TEXT 40

/* "2026-03-28 17:12:02.059593+00", the form of times in API objects. */
void wxs_time_text(int64_t us, char text[WXS_TIME_TEXT]);

/* "2026-02-22T23:41:12.126Z", the form of times in events and logs. */
void wxs_time_iso(int64_t us, char text[WXS_TIME_TEXT]);

#endif
