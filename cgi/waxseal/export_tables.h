#ifndef WXS_WAXSEAL_EXPORT_TABLES_H
#define WXS_WAXSEAL_EXPORT_TABLES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* The tables by which MTAs find the keys of wxs_export_keys() in a folder, one
 * set of them for each format. */

typedef enum {
    WXS_EXPORT_OPENDKIM,
    WXS_EXPORT_RSPAMD,
    WXS_EXPORT_EXIM,
    WXS_EXPORT_FILES,
} wxs_export_format;

#define WXS_KEY_SUFFIX ".pem"

/* What a table is written from. */
typedef struct {
    const char *folder;
    const json_t *keys;
} wxs_export_source;

/* A file that a format has beside the keys. */
typedef struct {
    const char *name; /* begins with a slash */
    void (*print)(FILE *out, const wxs_export_source *from);
} wxs_export_table;

/* opendkim, rspamd, exim or files. */
bool wxs_export_format_parse(const char *word, wxs_export_format *format);

/* Does the format sign once, with the kind of key that every receiver knows? */
bool wxs_export_rsa_only(wxs_export_format format);

/* What the key's file holds in the format: PEM, but rspamd has Ed25519 keys in
 * base64. */
const char *wxs_export_key_text(wxs_export_format format, const json_t *key);
bool wxs_export_is_ed25519(const json_t *key);

/* In the order in which they are written; the last has a NULL name. */
const wxs_export_table *wxs_export_tables(wxs_export_format format);

/* Is mail signed with this key? */
bool wxs_export_signs(const json_t *key);

#endif
