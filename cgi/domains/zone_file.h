#ifndef WXS_DOMAINS_ZONE_FILE_H
#define WXS_DOMAINS_ZONE_FILE_H

#include <jansson.h>
#include <stddef.h>

/* The records of a domain, as wxs_domain_json() gives it, as lines of a zone
 * file (RFC 1035 section 5): absolute names, texts in strings of at most 255
 * bytes. DMARC, which is only wanted where there is none, stands behind a
 * comment sign. malloc()ed, NUL-terminated, its length in *len. NULL: out of
 * memory, or not such an object. */
char *wxs_zone_file(const json_t *domain, size_t *len);

#endif
