#ifndef WXS_CORE_STATUS_H
#define WXS_CORE_STATUS_H

/* The one result type of core/. Nothing in core/ logs: the caller does, once,
 * with wxs_status_text() and the name of the object. */
typedef enum {
    WXS_OK = 0,
    WXS_END,         /* nothing (more) to read, for now or for good */
    WXS_NOT_FOUND,   /* no such entry */
    WXS_BAD_FORMAT,  /* bytes that the format does not allow */
    WXS_BAD_VERSION, /* a format version this build does not know */
    WXS_BAD_MAC,     /* authentication failed */
    WXS_TOO_LONG,    /* a value or a buffer is over its bound */
    WXS_FULL,        /* no room left in the file */
    WXS_BUSY,        /* another process holds the lock */
    WXS_NO_MEMORY,
    WXS_IO,     /* a system call failed; errno tells why */
    WXS_CRYPTO, /* OpenSSL refused an operation */
} wxs_status;

/* A short lower-case phrase for logs, never NULL. */
const char *wxs_status_text(wxs_status status);

#endif
