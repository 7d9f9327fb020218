#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/ec.h>

#include "certs/chain.h"
#include "certs/client_output.h"

/* What comes from a certification authority: the client's words, which hold
 * the authority's, and a certificate chain. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_words(const char *text, size_t len)
{
    wxs_acme_outcome outcome;

    wxs_acme_read_output(text, len, &outcome);
    if (outcome.end == WXS_ACME_DONE || outcome.code[0] == '\0' ||
        strchr(outcome.message, '\n') != NULL)
        abort();
}

static void
read_chain(const uint8_t *data, size_t size)
{
    static wxs_chain_file chain;
    static EVP_PKEY *key;
    char path[40];
    wxs_error error;
    int fd = memfd_create("chain", MFD_CLOEXEC);

    if (key == NULL)
        key = EVP_EC_gen("P-256");
    if (fd == -1 || write(fd, data, size) != (ssize_t)size)
        abort();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    /* nobody can have made one for a key that is seconds old */
    if (wxs_chain_read(path, key, "links.a.example", 0, &chain, &error))
        abort();
    (void)close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 65536)
        return 0;
    read_words((const char *)data, size);
    read_chain(data, size);
    return 0;
}
