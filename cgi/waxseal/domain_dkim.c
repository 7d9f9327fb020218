#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "domain.h"
#include "domain_access.h"
#include "domain_print.h"
#include "output.h"

#define PEM_MAX 8192

/* What is sent to the API. */
typedef struct {
    const char *algorithm, *form, *selector, *key_file;
} wish;

/* The text of a key file, wiped again by the caller. */
static bool
read_key(const char *path, char text[PEM_MAX + 1], wxs_error *error)
{
    FILE *file = fopen(path, "re");
    size_t len;

    if (file == NULL)
        return wxs_fail(error, "cannot open %s: %s", path, strerror(errno));
    len = fread(text, 1, PEM_MAX + 1, file);
    (void)fclose(file);
    if (len > PEM_MAX || memchr(text, '\0', len) != NULL) {
        OPENSSL_cleanse(text, PEM_MAX + 1);
        return wxs_fail(error, "%s is no key in PEM form", path);
    }
    text[len] = '\0';
    return true;
}

/* NULL with error filled. */
static json_t *
body_of(const wish *w, wxs_error *error)
{
    char pem[PEM_MAX + 1] = "";
    json_t *body;

    if (w->key_file != NULL && !read_key(w->key_file, pem, error))
        return NULL;
    body = json_pack("{s:s*, s:s*, s:s*, s:s*}", "algorithm", w->algorithm,
                     "form", w->form, "selector", w->selector, "private_key",
                     w->key_file != NULL ? pem : NULL);
    OPENSSL_cleanse(pem, sizeof(pem));
    if (body == NULL)
        (void)wxs_fail(error, "an argument is not valid UTF-8");
    return body;
}

static json_t *
rotate(const wxs_client_options *access, const char *what, const wish *w,
       wxs_error *error)
{
    char path[WXS_DOMAIN_PATH];
    json_t *body = body_of(w, error), *domain = NULL;
    wxs_client *client = NULL;

    if (body != NULL)
        client = wxs_client_open(access, error);
    if (client != NULL &&
        wxs_domain_path(client, what, "/dkim/rotate", path, error))
        domain = wxs_client_call(client, "POST", path, body, NULL, error);
    wxs_client_close(client);
    json_decref(body);
    return domain;
}

static int
rotate_and_print(const wxs_command *command, const wxs_client_options *access,
                 const char *what, const wish *w, bool as_json)
{
    wxs_error error;
    json_t *domain = rotate(access, what, w, &error);

    if (domain == NULL)
        return wxs_complain(command, &error);
    return wxs_answer_print(domain, as_json, wxs_domain_print);
}

int
wxs_domain_rotate_dkim_main(int argc, char **argv)
{
    static const char help[] =
        "Usage: waxseal domain rotate-dkim NAME|ID [OPTIONS]\n"
        "\n"
        "Gives a domain a new DKIM key and prints the records to publish. The "
        "new key\n"
        "signs once its record is seen; the former one then retires.\n"
        "\n"
        "  --algorithm A    rsa (default) or ed25519, which is a key beside "
        "RSA's\n"
        "  --form F         txt or cname: what new records "
        "are\n" WXS_ACCESS_HELP;
    wxs_client_options access = {0};
    bool as_json = false;
    wish w = {0};
    const char *what[WXS_OPERANDS_MAX];
    const wxs_option options[] = {WXS_ACCESS_OPTIONS,
                                  {"algorithm", &w.algorithm, NULL},
                                  {"form", &w.form, NULL},
                                  {0}};
    const wxs_command command = {"waxseal domain rotate-dkim", help, options,
                                 1};

    int code = wxs_args_read(&command, argc, argv, what);
    return code >= 0
               ? code
               : rotate_and_print(&command, &access, what[0], &w, as_json);
}

int
wxs_domain_import_key_main(int argc, char **argv)
{
    static const char help[] =
        "Usage: waxseal domain import-key NAME|ID --selector S --key KEYFILE\n"
        "\n"
        "Gives a domain a DKIM key of your own in place of a generated one, as "
        "its next\n"
        "key: it signs once its record is seen.\n"
        "\n"
        "  --selector S     its record is at S._domainkey.NAME\n"
        "  --key KEYFILE    the private key in PEM form, without passphrase: "
        "RSA of 2048\n"
        "                   to 4096 bits, or Ed25519\n" WXS_ACCESS_HELP;
    wxs_client_options access = {0};
    bool as_json = false;
    wish w = {0};
    const char *what[WXS_OPERANDS_MAX];
    const wxs_option options[] = {WXS_ACCESS_OPTIONS,
                                  {"selector", &w.selector, NULL},
                                  {"key", &w.key_file, NULL},
                                  {0}};
    const wxs_command command = {"waxseal domain import-key", help, options, 1};

    int code = wxs_args_read(&command, argc, argv, what);
    if (code >= 0)
        return code;
    if (w.selector == NULL || w.key_file == NULL)
        return wxs_misused(&command, "--selector and --key are needed");
    return rotate_and_print(&command, &access, what[0], &w, as_json);
}
