#include "certificate_file.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crc32c.h"
#include "small_file.h"

#define MAGIC_SIZE  8
#define HEADER_SIZE 16
#define CRC_SIZE    4

static uint32_t
u32_get(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static uint8_t *
u32_put(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        *p++ = (uint8_t)(value >> 8 * i);
    return p;
}

/* Takes len bytes off the front of *left, which is not empty then. */
static bool
der_take(wxs_der *left, size_t len, wxs_der *der)
{
    if (len == 0 || len > left->len)
        return false;
    der->data = left->data;
    der->len = len;
    left->data += len;
    left->len -= len;
    return true;
}

static bool
certificate_take(wxs_der *left, wxs_der *certificate)
{
    wxs_der len;

    return der_take(left, 4, &len) &&
           der_take(left, u32_get(len.data), certificate);
}

wxs_status
wxs_certificate_parse(const uint8_t *data, size_t len,
                      wxs_certificate_bundle *bundle)
{
    if (len > WXS_CERTIFICATE_FILE_MAX)
        return WXS_TOO_LONG;
    if (len < HEADER_SIZE + CRC_SIZE ||
        memcmp(data, WXS_CERTIFICATE_MAGIC, MAGIC_SIZE - 1) != 0)
        return WXS_BAD_FORMAT;
    if (data[MAGIC_SIZE - 1] != WXS_CERTIFICATE_MAGIC[MAGIC_SIZE - 1])
        return WXS_BAD_VERSION;
    if (u32_get(data + len - CRC_SIZE) != wxs_crc32c(0, data, len - CRC_SIZE))
        return WXS_BAD_FORMAT;

    wxs_der left = {data + HEADER_SIZE, len - HEADER_SIZE - CRC_SIZE};

    bundle->count = u32_get(data + 12);
    if (bundle->count == 0 || bundle->count > WXS_CERTIFICATES_MAX ||
        !der_take(&left, u32_get(data + 8), &bundle->key))
        return WXS_BAD_FORMAT;
    for (size_t i = 0; i < bundle->count; i++)
        if (!certificate_take(&left, &bundle->certificates[i]))
            return WXS_BAD_FORMAT;
    return left.len == 0 ? WXS_OK : WXS_BAD_FORMAT;
}

/* Size of the file; 0 if it cannot be one. */
static size_t
bundle_size(const wxs_certificate_bundle *bundle)
{
    size_t size = HEADER_SIZE + CRC_SIZE;
    size_t max = WXS_CERTIFICATE_FILE_MAX;

    if (bundle->key.len > max)
        return 0;
    size += bundle->key.len;
    for (size_t i = 0; i < bundle->count; i++) {
        if (bundle->certificates[i].len > max)
            return 0;
        size += 4 + bundle->certificates[i].len;
    }
    return size <= max ? size : 0;
}

wxs_status
wxs_certificate_format(const wxs_certificate_bundle *bundle, uint8_t *data,
                       size_t cap, size_t *len)
{
    if (bundle->count == 0 || bundle->count > WXS_CERTIFICATES_MAX ||
        bundle->key.len == 0)
        return WXS_BAD_FORMAT;
    for (size_t i = 0; i < bundle->count; i++)
        if (bundle->certificates[i].len == 0)
            return WXS_BAD_FORMAT;
    *len = bundle_size(bundle);
    if (*len == 0 || *len > cap)
        return WXS_TOO_LONG;

    uint8_t *p = data;

    memcpy(p, WXS_CERTIFICATE_MAGIC, MAGIC_SIZE);
    p = u32_put(p + MAGIC_SIZE, (uint32_t)bundle->key.len);
    p = u32_put(p, (uint32_t)bundle->count);
    memcpy(p, bundle->key.data, bundle->key.len);
    p += bundle->key.len;
    for (size_t i = 0; i < bundle->count; i++) {
        const wxs_der *certificate = &bundle->certificates[i];

        p = u32_put(p, (uint32_t)certificate->len);
        memcpy(p, certificate->data, certificate->len);
        p += certificate->len;
    }
    (void)u32_put(p, wxs_crc32c(0, data, (size_t)(p - data)));
    return WXS_OK;
}

static bool
host_check(const char *host, size_t len)
{
    char before = '.';

    for (size_t i = 0; i < len; i++) {
        char c = host[i];

        if (c == '.' ? before == '.'
                     : !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                         c == '-' || c == '_'))
            return false;
        before = c;
    }
    return before != '.';
}

wxs_status
wxs_certificate_path(const char *folder, const char *host, size_t host_len,
                     uint64_t generation, char *path, size_t cap)
{
    if (host_len > WXS_CERTIFICATE_HOST_MAX)
        return WXS_TOO_LONG;
    if (generation == 0 || !host_check(host, host_len))
        return WXS_BAD_FORMAT;
    int n = snprintf(path, cap, "%s/%.*s.%" PRIu64 ".bundle", folder,
                     (int)host_len, host, generation);

    return n > 0 && (size_t)n < cap ? WXS_OK : WXS_TOO_LONG;
}

wxs_status
wxs_certificate_write(const char *folder, const char *host, size_t host_len,
                      uint64_t generation, const wxs_certificate_bundle *bundle)
{
    char path[WXS_CERTIFICATE_PATH_MAX];
    size_t len;
    wxs_status status = wxs_certificate_path(folder, host, host_len, generation,
                                             path, sizeof path);

    if (status != WXS_OK)
        return status;
    uint8_t *data = malloc(WXS_CERTIFICATE_FILE_MAX);

    if (data == NULL)
        return WXS_NO_MEMORY;
    status =
        wxs_certificate_format(bundle, data, WXS_CERTIFICATE_FILE_MAX, &len);
    if (status == WXS_OK)
        status =
            wxs_small_file_write(path, WXS_CERTIFICATE_FILE_MODE, data, len);
    OPENSSL_cleanse(data, WXS_CERTIFICATE_FILE_MAX);
    free(data);
    return status;
}

wxs_status
wxs_certificate_read(const char *path, uint8_t *data,
                     wxs_certificate_bundle *bundle)
{
    size_t len;
    wxs_status status =
        wxs_small_file_read(path, data, WXS_CERTIFICATE_FILE_MAX, &len);

    return status == WXS_OK ? wxs_certificate_parse(data, len, bundle) : status;
}
