#include "event_store.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <sys/random.h>

#include "clock.h"
#include "utf8.h"

#define ADDRESS_SIZE 16
#define ADDRESS_HASH 8
#define IPV4_PREFIX  12 /* bytes before the IPv4 address in a mapped one */
#define IPV4_KEPT    15 /* bytes that are not cut off: a /24 */
#define IPV6_KEPT    6  /* a /48 */
#define DAY_LENGTH   10

/* Parameters of the statement that inserts an event. */
enum {
    ID = 1,
    ACCOUNT,
    DOMAIN,
    MESSAGE,
    TYPE,
    AT,
    LINK,
    LINK_INDEX,
    ADDRESS,
    AGENT,
    FLAGS,
    MODE,
    VERDICT,
    REASON,
    CERTAINTY,
    DEVICE,
    CLIENT,
    COUNTRY
};

/* How many of the bytes from the beginning are ASCII, but for NUL. */
static size_t
plain_length(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len && (signed char)text[i] > 0)
        i++;
    return i;
}

size_t
wxs_event_text(const char *text, size_t len, char *out)
{
    static const char replacement[3] = {'\xef', '\xbf', '\xbd'}; /* U+FFFD */
    size_t written = plain_length(text, len), size;

    memcpy(out, text, written);
    for (size_t i = written; i < len; i += size) {
        size = text[i] == '\0' ? 0 : wxs_utf8_length(text + i, len - i);
        if (size > 0) {
            memcpy(out + written, text + i, size);
            written += size;
        } else {
            memcpy(out + written, replacement, sizeof replacement);
            written += sizeof replacement;
            size = 1;
        }
    }
    return written;
}

/* ---- the key of the day ---- */

static bool
read_day_key(wxs_event_store *store, const char *day, bool *found,
             wxs_error *error)
{
    static const char sql[] = "SELECT key FROM daily_keys WHERE day = ?1";
    sqlite3_stmt *statement = wxs_db_prepare(store->events, sql, error);
    int row;

    *found = false;
    if (statement == NULL)
        return false;
    sqlite3_bind_text(statement, 1, day, -1, SQLITE_STATIC);
    row = wxs_db_step(store->events, statement, error);
    if (row == 1 && sqlite3_column_bytes(statement, 0) == WXS_DAY_KEY_SIZE) {
        memcpy(store->day_key, sqlite3_column_blob(statement, 0),
               WXS_DAY_KEY_SIZE);
        *found = true;
    }
    wxs_db_done(statement);
    return row >= 0;
}

static bool
make_day_key(wxs_event_store *store, const char *day, wxs_error *error)
{
    static const char sql[] =
        "INSERT OR REPLACE INTO daily_keys (day, key) VALUES (?1, ?2)";
    sqlite3_stmt *statement = wxs_db_prepare(store->events, sql, error);

    if (statement == NULL)
        return false;
    if (getrandom(store->day_key, WXS_DAY_KEY_SIZE, 0) != WXS_DAY_KEY_SIZE)
        return wxs_fail(error, "the system has no randomness");
    sqlite3_bind_text(statement, 1, day, -1, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 2, store->day_key, WXS_DAY_KEY_SIZE,
                      SQLITE_STATIC);
    return wxs_db_run(store->events, statement, error);
}

static bool
forget_other_days(wxs_event_store *store, const char *day, wxs_error *error)
{
    static const char sql[] = "DELETE FROM daily_keys WHERE day <> ?1";
    sqlite3_stmt *statement = wxs_db_prepare(store->events, sql, error);

    if (statement == NULL)
        return false;
    sqlite3_bind_text(statement, 1, day, -1, SQLITE_STATIC);
    return wxs_db_run(store->events, statement, error);
}

/* The day is that of the collection, not of the event: a key can then be
 * forgotten with its day, whatever is still to be collected. */
bool
wxs_event_store_day(wxs_event_store *store, wxs_error *error)
{
    char day[WXS_TIME_TEXT];
    bool found;

    wxs_time_iso(wxs_now_us(), day);
    day[DAY_LENGTH] = '\0';
    if (strcmp(day, store->day) == 0)
        return true;
    store->day[0] = '\0';
    OPENSSL_cleanse(store->day_key, sizeof store->day_key);
    if (!wxs_db_begin(store->events, error))
        return false;
    if (!read_day_key(store, day, &found, error) ||
        (!found && !make_day_key(store, day, error)) ||
        !forget_other_days(store, day, error) ||
        !wxs_db_commit(store->events, error)) {
        wxs_db_rollback(store->events);
        return false;
    }
    memcpy(store->day, day, sizeof store->day);
    /* a deleted key must not live on in the log of the database; a reader may
     * prevent that now, the next checkpoint does it then */
    (void)sqlite3_wal_checkpoint_v2(wxs_db_handle(store->events), NULL,
                                    SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return true;
}

/* ---- what belongs to it ---- */

/* The account of a domain; 0 if control.db does not know the number. */
static bool
find_account(wxs_event_store *store, uint32_t domain, int64_t *account,
             wxs_error *error)
{
    static const char sql[] = "SELECT account FROM domains WHERE number = ?1";
    const size_t size = sizeof store->accounts / sizeof store->accounts[0];
    sqlite3_stmt *statement;
    int row;

    *account = 0;
    if (domain == 0)
        return true;
    if (store->accounts[domain % size].domain == domain) {
        *account = store->accounts[domain % size].account;
        return true;
    }
    statement = wxs_db_prepare(store->control, sql, error);
    if (statement == NULL)
        return false;
    sqlite3_bind_int64(statement, 1, domain);
    row = wxs_db_step(store->control, statement, error);
    if (row == 1) {
        *account = sqlite3_column_int64(statement, 0);
        store->accounts[domain % size].domain = domain;
        store->accounts[domain % size].account = *account;
    }
    wxs_db_done(statement);
    return row >= 0;
}

static bool
bind_text(wxs_event_store *store, sqlite3_stmt *insert, int column,
          const char *text, size_t len, wxs_error *error)
{
    int64_t id;

    if (text == NULL)
        return true;
    if (!wxs_texts_id(&store->texts, store->part.db, text, len, &id, error))
        return false;
    sqlite3_bind_int64(insert, column, id);
    return true;
}

/* ---- what is kept of an event ---- */

/* The destination of a table link; none if it is gone. */
static bool
keep_table_link(wxs_event_store *store, uint64_t link_id, wxs_event_kept *kept,
                wxs_error *error)
{
    static const char sql[] = "SELECT url FROM links WHERE id = ?1";
    sqlite3_stmt *statement = wxs_db_prepare(store->control, sql, error);
    size_t len;
    int row;

    if (statement == NULL)
        return false;
    sqlite3_bind_int64(statement, 1, (int64_t)link_id);
    row = wxs_db_step(store->control, statement, error);
    len = (size_t)sqlite3_column_bytes(statement, 0);
    if (row == 1 && len <= sizeof store->link) {
        if (len > 0)
            memcpy(store->link, sqlite3_column_text(statement, 0), len);
        kept->link = store->link;
        kept->link_len = len;
    }
    wxs_db_done(statement);
    return row >= 0;
}

static bool
keep_link(wxs_event_store *store, const wxs_event *event, wxs_event_kept *kept,
          wxs_error *error)
{
    if (event->type != WXS_TOKEN_CLICK)
        return true;
    if ((event->flags & WXS_EVENT_TABLE) != 0)
        return keep_table_link(store, event->link_id, kept, error);
    if (event->rest_len > WXS_URL_MAX)
        return true;
    kept->link = store->link;
    kept->link_len = wxs_event_text(event->rest, event->rest_len, store->link);
    return true;
}

static bool
hash_address(const wxs_event_store *store, const uint8_t address[ADDRESS_SIZE],
             uint8_t hash[EVP_MAX_MD_SIZE], wxs_error *error)
{
    static const uint8_t mapped[IPV4_PREFIX] = {[10] = 0xff, [11] = 0xff};
    uint8_t cut[ADDRESS_SIZE] = {0};
    unsigned len;
    bool is_ipv4 = memcmp(address, mapped, sizeof mapped) == 0;

    memcpy(cut, address, is_ipv4 ? IPV4_KEPT : IPV6_KEPT);
    if (HMAC(EVP_sha256(), store->day_key, WXS_DAY_KEY_SIZE, cut, sizeof cut,
             hash, &len) == NULL)
        return wxs_fail(error, "OpenSSL refused an HMAC");
    return true;
}

static bool
keep_address(const wxs_event_store *store, const wxs_event *event,
             wxs_event_kept *kept, wxs_error *error)
{
    static const uint8_t none[ADDRESS_SIZE];
    uint8_t hash[EVP_MAX_MD_SIZE];

    if (memcmp(event->address, none, sizeof none) == 0)
        return true;
    if (event->mode == WXS_MODE_FULL) {
        memcpy(kept->address, event->address, ADDRESS_SIZE);
        kept->address_len = ADDRESS_SIZE;
        return true;
    }
    if (!hash_address(store, event->address, hash, error))
        return false;
    memcpy(kept->address, hash, ADDRESS_HASH);
    kept->address_len = ADDRESS_HASH;
    return true;
}

static bool
keeps_person(const wxs_event *event)
{
    return event->mode == WXS_MODE_PSEUDONYMOUS || event->mode == WXS_MODE_FULL;
}

bool
wxs_event_store_keep(wxs_event_store *store, const wxs_event *event,
                     wxs_event_kept *kept, wxs_error *error)
{
    *kept = (wxs_event_kept){0};
    if (!keep_link(store, event, kept, error))
        return false;
    if (!keeps_person(event))
        return true;
    if (event->agent_len > 0 && event->agent_len <= WXS_EVENT_AGENT_MAX) {
        kept->agent = store->agent;
        kept->agent_len =
            wxs_event_text(event->agent, event->agent_len, store->agent);
    }
    return keep_address(store, event, kept, error);
}

/* ---- a row ---- */

static bool
bind_kept(wxs_event_store *store, sqlite3_stmt *insert, const wxs_event *event,
          const wxs_event_kept *kept, wxs_error *error)
{
    if (event->type == WXS_TOKEN_CLICK)
        sqlite3_bind_int64(insert, LINK_INDEX, event->link_index);
    if (keeps_person(event))
        sqlite3_bind_blob(insert, MESSAGE, event->message_id,
                          WXS_MESSAGE_ID_SIZE, SQLITE_STATIC);
    if (kept->address_len > 0)
        sqlite3_bind_blob(insert, ADDRESS, kept->address,
                          (int)kept->address_len, SQLITE_STATIC);
    return bind_text(store, insert, LINK, kept->link, kept->link_len, error) &&
           bind_text(store, insert, AGENT, kept->agent, kept->agent_len, error);
}

static bool
bind_constant(wxs_event_store *store, sqlite3_stmt *statement, int column,
              const char *text, wxs_error *error)
{
    return text == NULL ||
           bind_text(store, statement, column, text, strlen(text), error);
}

static bool
bind_label(wxs_event_store *store, sqlite3_stmt *statement,
           const wxs_classification *label, wxs_error *error)
{
    const wxs_judgement *judgement = &label->judgement;
    const char *device = label->device == WXS_DEVICE_UNKNOWN
                             ? NULL
                             : wxs_device_name(label->device);

    sqlite3_bind_int(statement, VERDICT, (int)judgement->verdict);
    sqlite3_bind_int(statement, CERTAINTY, judgement->certainty);
    if (label->country[0] != '\0')
        sqlite3_bind_text(statement, COUNTRY, label->country, -1,
                          SQLITE_STATIC);
    return bind_constant(store, statement, REASON,
                         wxs_reason_name(judgement->reason), error) &&
           bind_constant(store, statement, DEVICE, device, error) &&
           bind_constant(store, statement, CLIENT, label->client, error);
}

static bool
insert_event(wxs_event_store *store, const wxs_event *event, int64_t account,
             const wxs_event_kept *kept, const wxs_classification *label,
             wxs_error *error)
{
    static const char sql[] =
        "INSERT INTO events (id, account, domain, message, type, at, link, "
        "link_index, address, agent, flags, mode, verdict, reason, certainty, "
        "device, client, country) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, "
        "?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";
    sqlite3_stmt *insert = wxs_db_prepare(store->part.db, sql, error);

    if (insert == NULL)
        return false;
    sqlite3_bind_int64(insert, ID, store->part.next_id);
    sqlite3_bind_int64(insert, ACCOUNT, account);
    sqlite3_bind_int64(insert, DOMAIN, event->domain);
    sqlite3_bind_int(insert, TYPE, event->type);
    sqlite3_bind_int64(insert, AT, (int64_t)event->time_ms);
    sqlite3_bind_int(insert, FLAGS, event->flags);
    sqlite3_bind_int(insert, MODE, (int)event->mode);
    if (!bind_kept(store, insert, event, kept, error) ||
        !bind_label(store, insert, label, error)) {
        wxs_db_done(insert);
        return false;
    }
    return wxs_db_run(store->part.db, insert, error);
}

bool
wxs_event_store_put(wxs_event_store *store, const wxs_event *event,
                    const wxs_event_kept *kept, const wxs_classification *label,
                    wxs_error *error)
{
    int64_t account;

    if (!find_account(store, event->domain, &account, error) ||
        !insert_event(store, event, account, kept, label, error))
        return false;
    return wxs_run_add(&store->part.run, store->part.db, store->part.next_id++,
                       account, event->domain,
                       keeps_person(event) ? event->message_id : NULL, error);
}
