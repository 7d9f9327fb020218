#include "country.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#define MAPPED 12 /* bytes before the IPv4 address in a mapped one */

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
           a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

bool
wxs_country_refresh(wxs_country *country, wxs_error *error)
{
    struct stat file;
    MMDB_s database;
    int status;

    if (country->path[0] == '\0')
        return true;
    if (stat(country->path, &file) == -1)
        return wxs_fail(error, "events.geoip: %s cannot be read: %s",
                        country->path, strerror(errno));
    if (country->is_open && is_same_file(&file, &country->file))
        return true;
    status = MMDB_open(country->path, MMDB_MODE_MMAP, &database);
    if (status != MMDB_SUCCESS)
        return wxs_fail(error,
                        "events.geoip: %s is no database of countries: %s",
                        country->path, MMDB_strerror(status));
    wxs_country_close(country);
    country->database = database;
    country->file = file;
    country->is_open = true;
    return true;
}

static bool
read_code(MMDB_entry_s *entry, const char *object, char text[WXS_COUNTRY_TEXT])
{
    const char *const path[] = {object, "iso_code", NULL};
    MMDB_entry_data_s data;

    if (MMDB_aget_value(entry, &data, path) != MMDB_SUCCESS || !data.has_data ||
        data.type != MMDB_DATA_TYPE_UTF8_STRING ||
        data.data_size != WXS_COUNTRY_TEXT - 1)
        return false;
    for (size_t i = 0; i < WXS_COUNTRY_TEXT - 1; i++) {
        if (data.utf8_string[i] < 'A' || data.utf8_string[i] > 'Z')
            return false;
        text[i] = data.utf8_string[i];
    }
    text[WXS_COUNTRY_TEXT - 1] = '\0';
    return true;
}

static MMDB_lookup_result_s
look_up(const MMDB_s *database, const uint8_t address[16], int *status)
{
    static const uint8_t mapped[MAPPED] = {[10] = 0xff, [11] = 0xff};
    struct sockaddr_in in4 = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

    if (memcmp(address, mapped, MAPPED) == 0) {
        memcpy(&in4.sin_addr, address + MAPPED, sizeof in4.sin_addr);
        return MMDB_lookup_sockaddr(database, (const struct sockaddr *)&in4,
                                    status);
    }
    memcpy(&in6.sin6_addr, address, sizeof in6.sin6_addr);
    return MMDB_lookup_sockaddr(database, (const struct sockaddr *)&in6,
                                status);
}

void
wxs_country_find(const wxs_country *country, const uint8_t address[16],
                 char text[WXS_COUNTRY_TEXT])
{
    MMDB_lookup_result_s result;
    int status = MMDB_SUCCESS;

    text[0] = '\0';
    if (!country->is_open)
        return;
    result = look_up(&country->database, address, &status);
    if (status != MMDB_SUCCESS || !result.found_entry)
        return;
    if (!read_code(&result.entry, "country", text) &&
        !read_code(&result.entry, "registered_country", text))
        text[0] = '\0';
}

void
wxs_country_close(wxs_country *country)
{
    if (country->is_open)
        MMDB_close(&country->database);
    country->is_open = false;
}
