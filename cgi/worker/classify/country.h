#ifndef WXS_CLASSIFY_COUNTRY_H
#define WXS_CLASSIFY_COUNTRY_H

#include <maxminddb.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "error.h"

/* The country of an address, of a database of MaxMind's format. */

#define WXS_COUNTRY_TEXT 3 /* two letters and NUL */
#define WXS_COUNTRY_PATH 256

typedef struct {
    char path[WXS_COUNTRY_PATH]; /* "": none is wanted */
    bool is_open;
    MMDB_s database;
    struct stat file; /* that is open */
} wxs_country;

/* Opens the database again if its file is another one than before; the old one
 * stays if that fails, and no country is known without any. A file has to be
 * replaced by renaming: it is mapped. */
bool wxs_country_refresh(wxs_country *country, wxs_error *error);

/* Writes two upper case letters, or "" if the country is not known. */
void wxs_country_find(const wxs_country *country, const uint8_t address[16],
                      char text[WXS_COUNTRY_TEXT]);

void wxs_country_close(wxs_country *country);

#endif
