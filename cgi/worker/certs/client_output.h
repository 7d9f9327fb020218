#ifndef WXS_CERTS_CLIENT_OUTPUT_H
#define WXS_CERTS_CLIENT_OUTPUT_H

#include <stddef.h>

/* What became of a call to the certification authority. */
typedef enum {
    WXS_ACME_DONE,
    WXS_ACME_UNREACHABLE, /* it does not answer, or has troubles of its own */
    WXS_ACME_NO_ACCOUNT,  /* it does not know the account */
    WXS_ACME_LIMITED,     /* a limit of its own is used up */
    WXS_ACME_INVALID,     /* the host did not prove itself */
    WXS_ACME_FAILED,      /* anything else that it said */
    WXS_ACME_BROKEN,      /* the client cannot be run here */
    WXS_ACME_STOPPED,     /* the worker is to stop */
} wxs_acme_end;

#define WXS_ACME_CODE_TEXT    48
#define WXS_ACME_MESSAGE_TEXT 800

typedef struct {
    wxs_acme_end end;
    char code[WXS_ACME_CODE_TEXT]; /* of RFC 8555 6.7, such as "connection" */
    char message[WXS_ACME_MESSAGE_TEXT]; /* the authority's words, UTF-8 */
} wxs_acme_outcome;

/* Reads what uacme wrote on its standard error, up to len bytes, after it
 * failed. It may hold anything that the authority sent. */
void wxs_acme_read_output(const char *text, size_t len,
                          wxs_acme_outcome *outcome);

#endif
