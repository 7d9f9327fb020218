#ifndef WXS_SHARED_VERDICT_H
#define WXS_SHARED_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

/* What is thought of an event. The numbers of verdicts and
 * the names of all of them are kept in events and seen by users: they only ever
 * get more. docs/classification.md explains each reason. */

typedef enum {
    WXS_VERDICT_UNKNOWN,
    WXS_VERDICT_HUMAN,   /* a person acted */
    WXS_VERDICT_PROXY,   /* opens: a mailbox's image proxy */
    WXS_VERDICT_MACHINE, /* a scanner, a preview, a script */
    WXS_VERDICTS
} wxs_verdict;

typedef enum {
    WXS_REASON_UNCLASSIFIED,
    WXS_REASON_ANONYMOUS,
    WXS_REASON_ODD_AGENT,
    WXS_REASON_BROWSER,
    WXS_REASON_MAIL_CLIENT,
    WXS_REASON_PRIVACY_RELAY,
    WXS_REASON_ONE_CLICK,
    WXS_REASON_IMAGE_PROXY,
    WXS_REASON_HEAD_REQUEST,
    WXS_REASON_PREFETCH_HEADER,
    WXS_REASON_NO_AGENT,
    WXS_REASON_BARE_AGENT,
    WXS_REASON_ANCIENT_BROWSER,
    WXS_REASON_HTTP_LIBRARY,
    WXS_REASON_AUTOMATION,
    WXS_REASON_SCANNER,
    WXS_REASON_CRAWLER,
    WXS_REASON_LINK_PREVIEW,
    WXS_REASON_MONITOR,
    WXS_REASON_FEED_READER,
    WXS_REASON_CLIENT_PREFLIGHT,
    WXS_REASON_SCANNER_NETWORK,
    WXS_REASON_LINK_BURST,
    WXS_REASON_LINK_SWEEP,
    WXS_REASON_AGENT_ROTATION,
    WXS_REASON_HEAD_THEN_GET,
    WXS_REASON_SAME_SOURCE,
    WXS_REASON_SCANNER_OPEN,
    WXS_REASONS
} wxs_reason;

typedef enum {
    WXS_DEVICE_UNKNOWN,
    WXS_DEVICE_DESKTOP,
    WXS_DEVICE_MOBILE,
    WXS_DEVICE_TABLET,
    WXS_DEVICE_PROXY, /* hides it */
    WXS_DEVICE_OTHER, /* a machine */
    WXS_DEVICES
} wxs_device;

typedef struct {
    wxs_verdict verdict;
    wxs_reason reason;
    uint8_t certainty; /* 0-100, of the verdict */
} wxs_judgement;

/* Their names, as in the API; "unknown" or "unclassified" for a number that is
 * none of them. */
const char *wxs_verdict_name(wxs_verdict verdict);
const char *wxs_reason_name(wxs_reason reason);
const char *wxs_device_name(wxs_device device);

/* The verdict of this name; false if there is none. */
bool wxs_verdict_parse(const char *name, wxs_verdict *verdict);

/* The reason of this name; unclassified if there is none. */
wxs_reason wxs_reason_of(const char *name);

#endif
