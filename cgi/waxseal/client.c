#include "client.h"

#include <curl/curl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "config.h"
#include "file.h"
#include "output.h"
#include "uuid.h"
#include "version.h"

#define URL_MAX    512
#define KEY_MAX    256
#define ANSWER_MAX (64UL << 20)

struct wxs_client {
    CURL *curl;
    struct curl_slist *headers;
    char url[URL_MAX]; /* without a slash at the end */
};

typedef struct {
    char *data;
    size_t size;
} answer;

static bool
url_from_dir(wxs_client *client, const wxs_client_options *options,
             wxs_error *error)
{
    wxs_config config;
    wxs_address address;

    if (options->dir == NULL)
        return wxs_fail(error, "say where the API is: --dir, --url or "
                               "WAXSEAL_URL");
    if (!wxs_config_load(&config, options->dir, options->config_file, error) ||
        !wxs_address_parse(config.api.listen, &address, error))
        return false;
    address = wxs_address_reach(&address);
    return wxs_address_url(&address, "http", client->url) ||
           wxs_fail(error, "api.listen has no URL");
}

static bool
url_find(wxs_client *client, const wxs_client_options *options, bool *is_local,
         wxs_error *error)
{
    const char *url = options->url;

    if (url == NULL)
        url = getenv("WAXSEAL_URL");
    *is_local = url == NULL;
    if (url == NULL)
        return url_from_dir(client, options, error);
    size_t len = strlen(url);
    while (len > 0 && url[len - 1] == '/')
        len--;
    if (len == 0 || len >= URL_MAX)
        return wxs_fail(error, "\"%s\" is not a URL", url);
    memcpy(client->url, url, len);
    client->url[len] = '\0';
    return true;
}

static bool
key_find(const wxs_client_options *options, char key[KEY_MAX], wxs_error *error)
{
    char path[PATH_MAX];
    const char *given = getenv("WAXSEAL_API_KEY");

    if (options->key_file != NULL)
        return wxs_file_read_line(options->key_file, key, KEY_MAX, error);
    if (given != NULL) {
        int n = snprintf(key, KEY_MAX, "%s", given);
        return (n > 0 && n < KEY_MAX) ||
               wxs_fail(error, "WAXSEAL_API_KEY does not hold an API key");
    }
    if (options->dir == NULL)
        return wxs_fail(error, "give an API key: --key-file, WAXSEAL_API_KEY "
                               "or --dir");
    const char *name = options->as_admin || options->account != NULL
                           ? "/admin.key"
                           : "/api.key";
    return wxs_path_join(path, sizeof(path), options->dir, name, error) &&
           wxs_file_read_line(path, key, KEY_MAX, error);
}

static bool
header_add(wxs_client *client, const char *header, wxs_error *error)
{
    struct curl_slist *longer = curl_slist_append(client->headers, header);

    if (longer == NULL)
        return wxs_fail(error, "out of memory");
    client->headers = longer;
    return true;
}

static bool
headers_make(wxs_client *client, const wxs_client_options *options,
             wxs_error *error)
{
    char key[KEY_MAX] = "", header[KEY_MAX + 32];

    if (!key_find(options, key, error))
        return false;
    for (const char *c = key; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~')
            return wxs_fail(error, "the API key has a character that no key "
                                   "has");
    }
    (void)snprintf(header, sizeof(header), "Authorization: Bearer %s", key);
    bool ok = header_add(client, header, error) &&
              header_add(client, "Content-Type: application/json", error) &&
              header_add(client, "Accept: application/json", error);
    OPENSSL_cleanse(key, sizeof(key));
    OPENSSL_cleanse(header, sizeof(header));
    return ok;
}

static size_t
on_data(char *data, size_t one, size_t size, void *user)
{
    answer *whole = user;

    (void)one;
    if (size > ANSWER_MAX - whole->size)
        return 0;
    char *more = realloc(whole->data, whole->size + size + 1);
    if (more == NULL)
        return 0;
    memcpy(more + whole->size, data, size);
    whole->data = more;
    whole->size += size;
    return size;
}

static bool
curl_prepare(wxs_client *client, bool is_local)
{
    CURL *curl = client->curl = curl_easy_init();

    return curl != NULL &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, client->headers) ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_USERAGENT, "waxseal/" WXS_VERSION) ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data) == CURLE_OK &&
           (!is_local ||
            curl_easy_setopt(curl, CURLOPT_NOPROXY, "*") == CURLE_OK);
}

/* All further calls are for the account. */
static bool
act_for(wxs_client *client, const char *account, wxs_error *error)
{
    char id[37], header[64];

    if (!wxs_client_account(client, account, id, error))
        return false;
    (void)snprintf(header, sizeof(header), "Waxseal-Account: %s", id);
    return header_add(client, header, error) &&
           (curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER,
                             client->headers) == CURLE_OK ||
            wxs_fail(error, "libcurl cannot be used as needed"));
}

wxs_client *
wxs_client_open(const wxs_client_options *options, wxs_error *error)
{
    bool is_local;
    wxs_client *client = calloc(1, sizeof(*client));

    if (client == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        (void)wxs_fail(error, "out of memory");
        free(client);
        return NULL;
    }
    if (!url_find(client, options, &is_local, error) ||
        !headers_make(client, options, error))
        goto failed;
    if (!curl_prepare(client, is_local)) {
        (void)wxs_fail(error, "libcurl cannot be used as needed");
        goto failed;
    }
    if (options->account == NULL || act_for(client, options->account, error))
        return client;
failed:
    wxs_client_close(client);
    return NULL;
}

void
wxs_client_close(wxs_client *client)
{
    if (client == NULL)
        return;
    curl_easy_cleanup(client->curl);
    curl_slist_free_all(client->headers);
    free(client);
    curl_global_cleanup();
}

static bool
perform(wxs_client *client, const char *method, const char *path,
        const char *body, void *whole, wxs_error *error)
{
    char url[URL_MAX + PATH_MAX], why[CURL_ERROR_SIZE] = "";
    CURL *curl = client->curl;

    if (!wxs_path_join(url, sizeof(url), client->url, path, error))
        return false;
    if (curl_easy_setopt(curl, CURLOPT_URL, url) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, whole) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body) != CURLE_OK ||
        (body == NULL &&
         curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L) != CURLE_OK) ||
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method) != CURLE_OK)
        return wxs_fail(error, "libcurl refuses %s", url);
    CURLcode code = curl_easy_perform(curl);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    if (code != CURLE_OK)
        return wxs_fail(error, "no answer from %s: %s", client->url,
                        why[0] != '\0' ? why : curl_easy_strerror(code));
    return true;
}

/* The answer as an object, or the error it tells. */
static json_t *
answer_read(const answer *whole, long status, const char *url, wxs_error *error)
{
    json_t *json = whole->data == NULL
                       ? NULL
                       : json_loadb(whole->data, whole->size, 0, NULL);
    const char *message = json_string_value(json_object_get(json, "message"));

    if (json_is_object(json) && status >= 200 && status < 300)
        return json;
    if (message != NULL)
        (void)wxs_fail(error, "%s", message);
    else
        (void)wxs_fail(error,
                       "%s answered with status %ld, not as the API of "
                       "Waxseal does",
                       url, status);
    json_decref(json);
    return NULL;
}

json_t *
wxs_client_call(wxs_client *client, const char *method, const char *path,
                const json_t *body, long *status, wxs_error *error)
{
    answer whole = {0};
    json_t *json = NULL;
    long code = 0;
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);

    if (status != NULL)
        *status = 0;
    if (body != NULL && text == NULL) {
        (void)wxs_fail(error, "the request is not valid UTF-8");
        goto out;
    }
    if (!perform(client, method, path, text, &whole, error))
        goto out;
    if (curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &code) !=
        CURLE_OK)
        code = 0;
    if (status != NULL)
        *status = code;
    json = answer_read(&whole, code, client->url, error);
out:
    free(text);
    free(whole.data);
    return json;
}

/* Takes the id if the account is the one; false if there are two of them. */
static bool
take_account(const json_t *account, const char *name, char id[37])
{
    if (strcmp(wxs_json_text(account, "name", ""), name) != 0)
        return true;
    if (id[0] != '\0')
        return false;
    (void)snprintf(id, 37, "%s", wxs_json_text(account, "id", ""));
    return true;
}

bool
wxs_client_account(wxs_client *client, const char *what, char id[37],
                   wxs_error *error)
{
    uint8_t uuid[WXS_UUID_SIZE];
    const json_t *account;
    bool unique = true;
    size_t i;

    if (wxs_uuid_parse(what, strlen(what), uuid)) {
        wxs_uuid_format(uuid, id);
        return true;
    }
    json_t *list =
        wxs_client_call(client, "GET", "/accounts", NULL, NULL, error);
    if (list == NULL)
        return false;
    id[0] = '\0';
    json_array_foreach(json_object_get(list, "data"), i, account)
    {
        unique = take_account(account, what, id) && unique;
    }
    json_decref(list);
    if (!unique)
        return wxs_fail(error, "several accounts are called %s: give the id",
                        what);
    return id[0] != '\0' || wxs_fail(error, "there is no account %s", what);
}

static size_t
on_pass(char *data, size_t one, size_t size, void *user)
{
    (void)user;
    size_t written = fwrite(data, one, size, stdout);
    return fflush(stdout) == 0 ? written : 0;
}

bool
wxs_client_pass(wxs_client *client, const char *path, const char *data,
                size_t len, wxs_error *error)
{
    CURL *curl = client->curl;
    bool ok;

    if (curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_pass) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len) !=
            CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, 0L) != CURLE_OK)
        return wxs_fail(error, "libcurl cannot be used as needed");
    ok = perform(client, "POST", path, data, NULL, error);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)-1);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
    return ok;
}

/* An answer that is passed on, or what refuses it. */
typedef struct {
    CURL *curl;
    FILE *out;
    answer refusal;
} download;

static size_t
on_download(char *data, size_t one, size_t size, void *user)
{
    download *d = user;
    long status = 0;

    (void)curl_easy_getinfo(d->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return on_data(data, one, size, &d->refusal);
    return fwrite(data, one, size, d->out);
}

bool
wxs_client_download(wxs_client *client, const char *path, FILE *out,
                    wxs_error *error)
{
    download d = {.curl = client->curl, .out = out};
    long status = 0;
    bool ok;

    if (curl_easy_setopt(d.curl, CURLOPT_WRITEFUNCTION, on_download) !=
            CURLE_OK ||
        curl_easy_setopt(d.curl, CURLOPT_TIMEOUT, 0L) != CURLE_OK)
        return wxs_fail(error, "libcurl cannot be used as needed");
    ok = perform(client, "GET", path, NULL, &d, error);
    (void)curl_easy_getinfo(d.curl, CURLINFO_RESPONSE_CODE, &status);
    if (ok && status != 200) {
        json_decref(answer_read(&d.refusal, status, client->url, error));
        ok = false;
    }
    free(d.refusal.data);
    (void)curl_easy_setopt(d.curl, CURLOPT_TIMEOUT, 60L);
    (void)curl_easy_setopt(d.curl, CURLOPT_WRITEFUNCTION, on_data);
    return ok && (fflush(out) == 0 ||
                  wxs_fail(error, "the output cannot be written"));
}
