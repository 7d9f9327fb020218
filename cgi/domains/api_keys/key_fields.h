#ifndef WXS_DOMAINS_KEY_FIELDS_H
#define WXS_DOMAINS_KEY_FIELDS_H

#include "http.h"
#include "key_store.h"

/* The name of a key: 1 to 50 characters. False after answering. */
bool wxs_parse_key_name(const json_t *body, char name[WXS_KEY_NAME_TEXT],
                        wxs_response *response);

#endif
