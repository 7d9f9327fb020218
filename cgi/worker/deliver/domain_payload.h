#ifndef WXS_DELIVER_DOMAIN_PAYLOAD_H
#define WXS_DELIVER_DOMAIN_PAYLOAD_H

#include <jansson.h>
#include <libpsl.h>
#include <stdint.h>

/* The body of a domain.* webhook: {"type":…,"created_at":…,"data":{…}}, from
 * the snapshot that the outbox has. The status is one of the four words that
 * every client knows; a temporary failure, during which the domain may go on
 * sending, is told by "state" and by the records. NULL if the snapshot is
 * damaged or memory ran out. */
char *wxs_domain_payload(const char *type, int64_t created_at,
                         const char *snapshot, const psl_ctx_t *psl);

#endif
