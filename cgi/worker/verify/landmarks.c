#include "landmarks.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "embedded.h"
#include "world.h"

#define FILE_MAX (64 * 1024)

static const char embedded_path[] = "conf/landmarks.txt";

/* ---- reading ---- */

static bool
parse_kind(const char *word, wxs_landmark_kind *kind)
{
    static const char *const names[] = {[WXS_LANDMARK_PROXY] = "proxy",
                                        [WXS_LANDMARK_FORWARDER] = "forwarder",
                                        [WXS_LANDMARK_PARKING] = "parking"};

    for (int k = WXS_LANDMARK_PROXY; k <= WXS_LANDMARK_PARKING; k++) {
        if (strcmp(word, names[k]) == 0) {
            *kind = (wxs_landmark_kind)k;
            return true;
        }
    }
    return false;
}

/* "192.0.2.0/24" or "2001:db8::/32" */
static bool
parse_network(const char *text, wxs_landmark *mark)
{
    char address[64];
    unsigned bits = 0;

    if (sscanf(text, "%63[0-9a-fA-F.:]/%3u", address, &bits) != 2) {
        return false;
    }
    int family = strchr(address, ':') == NULL ? AF_INET : AF_INET6;

    mark->length = family == AF_INET ? 4 : 16;
    mark->bits = bits;
    return bits > 0 && bits <= mark->length * 8 &&
           inet_pton(family, address, mark->address) == 1;
}

static bool
parse_line(const char *line, wxs_landmark *mark)
{
    char kind[16];
    char where[WXS_LANDMARK_NAME];

    *mark = (wxs_landmark){.length = 0};
    if (sscanf(line, "%15s %63s %63[ -~]", kind, where, mark->who) != 3 ||
        !parse_kind(kind, &mark->kind)) {
        return false;
    }
    if (mark->kind == WXS_LANDMARK_PARKING) {
        memcpy(mark->name, where, sizeof mark->name);
        return strchr(where, '.') != NULL;
    }
    return parse_network(where, mark);
}

bool
wxs_landmarks_parse(const char *text, wxs_landmarks *landmarks,
                    wxs_error *error)
{
    landmarks->count = 0;
    for (size_t number = 1; *text != '\0'; number++) {
        char line[200];
        size_t length = strcspn(text, "\n");
        size_t kept = length < sizeof line ? length : sizeof line - 1;

        memcpy(line, text, kept);
        line[kept] = '\0';
        text += length + (text[length] == '\n');
        if (line[strspn(line, " \t\r")] == '\0' || line[0] == '#') {
            continue;
        }
        if (landmarks->count == WXS_LANDMARKS_MAX) {
            return wxs_fail(error, "line %zu: at most %d lines are allowed",
                            number, WXS_LANDMARKS_MAX);
        }
        if (!parse_line(line, &landmarks->item[landmarks->count])) {
            return wxs_fail(error,
                            "line %zu: \"proxy NETWORK WHO\", \"forwarder "
                            "NETWORK WHO\" or \"parking NAME WHO\" is expected",
                            number);
        }
        landmarks->count++;
    }
    return true;
}

static const char *
embedded_text(void)
{
    for (const struct wxs_embedded *file = wxs_embedded_files;
         file->path != NULL; file++) {
        if (strcmp(file->path, embedded_path) == 0) {
            return file->data;
        }
    }
    return "";
}

bool
wxs_landmarks_builtin(wxs_landmarks *landmarks, wxs_error *error)
{
    return wxs_landmarks_parse(embedded_text(), landmarks, error);
}

bool
wxs_landmarks_load(const char *dir, wxs_landmarks *landmarks, wxs_error *error)
{
    char path[512];
    wxs_error why = {""};
    char *text;
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/landmarks.txt", dir);
    file = fopen(path, "re");
    if (file == NULL && errno == ENOENT) {
        return wxs_landmarks_builtin(landmarks, error);
    }
    if (file == NULL) {
        return wxs_fail(error, "%s cannot be read: %s", path, strerror(errno));
    }
    text = calloc(1, FILE_MAX + 1);
    size_t length = text == NULL ? 0 : fread(text, 1, FILE_MAX, file);
    bool whole = text != NULL && length < FILE_MAX && !ferror(file);
    bool ok = whole && wxs_landmarks_parse(text, landmarks, &why);

    (void)fclose(file);
    free(text);
    return ok || wxs_fail(error, "%s: %s", path,
                          whole ? why.text : "it cannot be read whole");
}

/* ---- looking up ---- */

static bool
in_network(const wxs_landmark *mark, const unsigned char *address,
           size_t length)
{
    size_t whole = mark->bits / 8;
    unsigned rest = mark->bits % 8;

    return mark->length == length &&
           memcmp(mark->address, address, whole) == 0 &&
           (rest == 0 ||
            ((mark->address[whole] ^ address[whole]) >> (8 - rest)) == 0);
}

const wxs_landmark *
wxs_landmark_of_address(const wxs_landmarks *landmarks, wxs_landmark_kind kind,
                        const unsigned char *address, size_t length)
{
    for (size_t i = 0; landmarks != NULL && i < landmarks->count; i++) {
        if (landmarks->item[i].kind == kind &&
            in_network(&landmarks->item[i], address, length)) {
            return &landmarks->item[i];
        }
    }
    return NULL;
}

const wxs_landmark *
wxs_landmark_of_host(const wxs_landmarks *landmarks, const char *host)
{
    for (size_t i = 0; landmarks != NULL && i < landmarks->count; i++) {
        if (landmarks->item[i].kind == WXS_LANDMARK_PARKING &&
            wxs_name_within(host, landmarks->item[i].name)) {
            return &landmarks->item[i];
        }
    }
    return NULL;
}
