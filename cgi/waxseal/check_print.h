#ifndef WXS_WAXSEAL_CHECK_PRINT_H
#define WXS_WAXSEAL_CHECK_PRINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Prints what a check said of a domain as the API gives it: a line a record,
 * and below each that is not as it should be what was found, what is expected
 * and how to mend it, in lines of at most width columns. */
/* After the records: what a look at the tracking host brought (the domain's
 * member "tracking_check"), if there was one. */
void wxs_check_print(FILE *out, const json_t *domain, size_t width,
                     bool coloured);

/* Are all records of the domain right? */
bool wxs_check_good(const json_t *domain);

#endif
