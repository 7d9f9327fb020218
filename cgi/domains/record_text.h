#ifndef WXS_DOMAINS_RECORD_TEXT_H
#define WXS_DOMAINS_RECORD_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* The records of a domain, as wxs_domain_json() gives it, written for tools. */

#define WXS_RECORD_TTL        300
#define WXS_RECORD_BESIDE_MAX 8

/* One record, its texts inside the JSON. */
typedef struct {
    const char *fqdn;
    const char *type; /* TXT, MX, CNAME, CAA */
    const char *value;
    int priority; /* MX */
    /* CAA: what is there already and has to stay. Tools that write all records
     * of a name and type at once need it; those get no such record if none is
     * known. */
    const char *beside[WXS_RECORD_BESIDE_MAX];
    size_t besides;
} wxs_record_text;

/* The records of a domain. */
typedef struct {
    const char *zone; /* that they are entered in */
    const wxs_record_text *item;
    size_t count;
    /* those that could not be written without losing others, see beside */
    const wxs_record_text *left_out;
    size_t left_outs;
    const wxs_record_text *advice; /* DMARC, which is only wanted where there is
                                      none: a comment, if the format has any;
                                      may be NULL */
} wxs_record_texts;

typedef struct {
    const char *word;
    const char *content_type;
    bool writes_sets; /* all records of a name and type at once */
    void (*print)(FILE *out, const wxs_record_texts *records);
} wxs_record_format;

/* bind, terraform, octodns, dnscontrol, nsupdate, route53; NULL for any other
 * word. */
const wxs_record_format *wxs_record_format_find(const char *word);

/* The whole file, malloc()ed and NUL-terminated, its length in *len. NULL: out
 * of memory, or not such an object. */
char *wxs_record_file(const wxs_record_format *format, const json_t *domain,
                      size_t *len);

/* Helpers of the formats. */

/* A text as character-strings of at most 255 bytes (RFC 1035, 5.1), each in
 * quotes: "…" "…". between stands between them. */
void wxs_print_strings(FILE *out, const char *text, const char *between);

/* The record's value as a zone file has it: strings, names with a final dot,
 * an MX with its priority. */
void wxs_print_rdata(FILE *out, const wxs_record_text *record);

/* A CAA record's value taken apart: 0 issue "ca.example". The lengths of tag
 * and value are those of what is between the spaces and the quotes. */
typedef struct {
    int flags;
    const char *tag;
    int tag_len;
    const char *value;
    int value_len;
} wxs_caa_text;
bool wxs_caa_split(const char *text, wxs_caa_text *caa);

/* The text between quotes, as JSON and JavaScript have it. */
void wxs_print_json(FILE *out, const char *text);

/* The name relative to the zone, "@" for the zone itself: *len bytes of what is
 * returned. */
const char *wxs_record_short_name(const char *fqdn, const char *zone,
                                  size_t *len);

/* Lines of comments on the records left out. */
void wxs_print_left_out(FILE *out, const wxs_record_texts *records);

extern const wxs_record_format wxs_format_bind;
extern const wxs_record_format wxs_format_nsupdate;
extern const wxs_record_format wxs_format_terraform;
extern const wxs_record_format wxs_format_route53;
extern const wxs_record_format wxs_format_octodns;
extern const wxs_record_format wxs_format_dnscontrol;

#endif
