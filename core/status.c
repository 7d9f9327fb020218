#include "status.h"

const char *
wxs_status_text(wxs_status status)
{
    switch (status) {
    case WXS_OK:
        return "ok";
    case WXS_END:
        return "nothing more to read";
    case WXS_NOT_FOUND:
        return "not found";
    case WXS_BAD_FORMAT:
        return "malformed";
    case WXS_BAD_VERSION:
        return "of an unknown format version";
    case WXS_BAD_MAC:
        return "authentication failed";
    case WXS_TOO_LONG:
        return "too long";
    case WXS_FULL:
        return "full";
    case WXS_BUSY:
        return "locked by another process";
    case WXS_NO_MEMORY:
        return "out of memory";
    case WXS_IO:
        return "system call failed";
    case WXS_CRYPTO:
        return "cryptographic operation failed";
    }
    return "unknown status";
}
