#ifndef WXS_EVENTS_PARAMETER_H
#define WXS_EVENTS_PARAMETER_H

#include "http.h"

/* Parameters of queries. */

/* Reads a parameter, "" if it is absent; one that is empty, malformed or longer
 * than cap - 1 bytes becomes "?", which none of them allows. */
void wxs_parameter_read(const wxs_request *request, const char *name,
                        char *value, size_t cap);

/* Answers 422: the parameter must be what is allowed. Returns false. */
bool wxs_parameter_refuse(wxs_response *response, const char *name,
                          const char *allowed);

/* Which of the words the parameter is, -1 if it is absent; false after
 * answering 422. The last of the words is NULL. */
bool wxs_parameter_word(const wxs_request *request, const char *name,
                        const char *const *words, int *which,
                        wxs_response *response);

/* A date or a time, microseconds since 1970; unchanged if it is absent. False
 * after answering 422. */
bool wxs_parameter_time(const wxs_request *request, const char *name,
                        int64_t *us, wxs_response *response);

/* "1" to max; unchanged if it is absent. False after answering 422. */
bool wxs_parameter_limit(const wxs_request *request, int max, int *limit,
                         wxs_response *response);

#endif
