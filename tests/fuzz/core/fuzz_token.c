/* Token text from outside: whatever parses stays within its bounds, has a
 * destination that may be sent, and is minted back to the same text. */
#include <stdlib.h>
#include <string.h>

#include "token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_destination(const wxs_token *token)
{
    char url[16 + WXS_TOKEN_RAW_MAX];

    memcpy(url, token->prefix, token->prefix_len);
    memcpy(url + token->prefix_len, token->rest, token->rest_len);
    if (wxs_destination_check(url, token->prefix_len + token->rest_len) !=
        WXS_OK)
        abort();
    for (size_t i = 0; i < token->prefix_len + token->rest_len; i++)
        if (url[i] < 0x21 || url[i] > 0x7e)
            abort();
}

static void
check_verify(const wxs_token_parsed *parsed)
{
    static const uint8_t secret[WXS_LINK_SECRET_SIZE] = {42};
    static const uint8_t domain_id[WXS_DOMAIN_ID_SIZE] = {7};
    static wxs_link_key *key;

    if (key == NULL && wxs_link_key_new(secret, 1, &key) != WXS_OK)
        abort();
    if (wxs_token_verify(parsed, domain_id, key) != WXS_BAD_MAC)
        abort(); /* nobody guesses 80 bits */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char types[] = "cou";
    wxs_token_parsed parsed;
    char *text;

    if (size < 1)
        return 0;
    (void)wxs_destination_check((const char *)data + 1, size - 1);
    text = malloc(size); /* its own block, so that a read past it is seen */
    if (text == NULL)
        return 0;
    memcpy(text, data + 1, size - 1);
    if (wxs_token_parse((wxs_token_type)types[data[0] % 3], text, size - 1,
                        &parsed) == WXS_OK) {
        if (parsed.token.type == WXS_TOKEN_CLICK && !parsed.token.is_table)
            check_destination(&parsed.token);
        check_verify(&parsed);
    }
    free(text);
    return 0;
}
