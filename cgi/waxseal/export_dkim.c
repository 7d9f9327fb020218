#include "export_dkim.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "args.h"
#include "config.h"
#include "export_files.h"
#include "export_keys.h"
#include "file.h"
#include "user.h"

typedef struct {
    const char *dir;
    const char *out;   /* absolute */
    const char *owner; /* NULL: of out */
    wxs_export_format format;
} wish;

/* ---- reading, as the owner of the state directory ---- */

static json_t *
read_keys(const char *dir, wxs_error *error)
{
    wxs_seal_key master;
    wxs_db *control = NULL;
    json_t *keys = NULL;
    char path[PATH_MAX];

    if (!wxs_user_settle(dir, NULL, error) ||
        !wxs_path_join(path, sizeof(path), dir, "/master.key", error) ||
        !wxs_seal_key_load(&master, path, error))
        return NULL;
    if (wxs_db_open(&control, dir, WXS_DB_CONTROL, WXS_DB_WRITE, error))
        keys = wxs_export_keys(control, &master, error);
    wxs_db_close(control);
    wxs_seal_key_clear(&master);
    return keys;
}

/* Sends what was read, or the error, through the pipe; the exit code. */
static int
reader(const char *dir, int pipe_fd)
{
    FILE *out = fdopen(pipe_fd, "w");
    wxs_error error;
    json_t *keys = read_keys(dir, &error);
    bool sent;

    if (keys == NULL)
        keys = json_pack("{s:s}", "error", error.text);
    sent = out != NULL && keys != NULL &&
           json_dumpf(keys, out, JSON_COMPACT) == 0 && fclose(out) == 0;
    json_decref(keys);
    return !sent;
}

static json_t *
receive(int pipe_fd, wxs_error *error)
{
    FILE *in = fdopen(pipe_fd, "r");
    json_t *keys = in != NULL ? json_loadf(in, 0, NULL) : NULL;
    const char *text = json_string_value(json_object_get(keys, "error"));

    if (in != NULL)
        (void)fclose(in);
    if (json_is_array(keys))
        return keys;
    (void)wxs_fail(error, "%s",
                   text != NULL ? text
                                : "the keys could not be "
                                  "read");
    json_decref(keys);
    return NULL;
}

/* ---- writing, as the user who reads the files ---- */

/* Two users are at work where root starts this: the one of the state directory
 * opens the keys, the MTA's writes them. Neither could do the other's part, and
 * root does none. */
static bool export(const wish *w, wxs_export_count *count, wxs_error *error)
{
    int fds[2];
    pid_t pid;
    json_t *keys;
    int status = 0;
    bool ok;

    if (pipe(fds) != 0)
        return wxs_fail(error, "cannot make a pipe: %s", strerror(errno));
    pid = fork();
    if (pid < 0)
        return wxs_fail(error, "cannot start a process: %s", strerror(errno));
    if (pid == 0) {
        (void)close(fds[0]);
        _exit(reader(w->dir, fds[1]));
    }
    (void)close(fds[1]);
    keys = receive(fds[0], error);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    ok = keys != NULL && wxs_user_serve(w->out, w->owner, error) &&
         wxs_dir_make(w->out, 0700, error) &&
         wxs_export_files(w->out, w->format, keys, count, error);
    json_decref(keys);
    return ok;
}

static bool
absolute(const char *path, char *text, size_t cap, wxs_error *error)
{
    char here[PATH_MAX];

    if (path[0] == '/')
        return wxs_path_join(text, cap, path, "", error);
    if (getcwd(here, sizeof(here) - 1) == NULL)
        return wxs_fail(error, "cannot tell the present folder: %s",
                        strerror(errno));
    (void)strcat(here, "/");
    return wxs_path_join(text, cap, here, path, error);
}

static const char dkim_help[] =
    "Usage: waxseal export dkim --format FORMAT --out FOLDER --dir DIR\n"
    "\n"
    "Writes the DKIM keys that mail may be signed with, published and verified "
    "ones,\n"
    "for an MTA: FOLDER/keys/DOMAIN/SELECTOR.pem and the tables of the format. "
    "Do it\n"
    "again whenever keys changed.\n"
    "\n"
    "  --format FORMAT  opendkim, rspamd, exim or files (the keys alone)\n"
    "  --out FOLDER     made (0700) if it is missing; its files are 0600\n"
    "  --owner USER     started as root: who reads the files (default: the "
    "owner of\n"
    "                   FOLDER)\n"
    "  --dir DIR        the state directory\n"
    "  --help, --version\n";

int
wxs_export_dkim_main(int argc, char **argv)
{
    const char *format = NULL, *out = NULL;
    wish w = {0};
    const wxs_option options[] = {{"format", &format, NULL},
                                  {"out", &out, NULL},
                                  {"owner", &w.owner, NULL},
                                  {"dir", &w.dir, NULL},
                                  {0}};
    const wxs_command command = {"waxseal export dkim", dkim_help, options, 0};
    char path[PATH_MAX];
    wxs_export_count count = {0};
    wxs_error error;

    int code = wxs_args_read(&command, argc, argv, NULL);
    if (code >= 0)
        return code;
    if (w.dir == NULL)
        return wxs_misused(&command, "--dir is missing");
    if (out == NULL)
        return wxs_misused(&command, "--out is missing");
    if (format == NULL || !wxs_export_format_parse(format, &w.format))
        return wxs_misused(&command,
                           "--format is opendkim, rspamd, exim or files");
    (void)umask(077);
    w.out = path;
    if (!absolute(out, path, sizeof(path), &error) ||
        !wxs_export_folder_check(path, &error) || !export(&w, &count, &error))
        return wxs_complain(&command, &error);
    if (count.left_out > 0)
        (void)fprintf(
            stderr,
            "%zu Ed25519 key%s left out: OpenDKIM signs all mail with "
            "one algorithm, and many receivers verify RSA only. Exim "
            "and rspamd sign with both.\n",
            count.left_out, count.left_out == 1 ? " is" : "s are");
    return printf("%zu key%s in %s\n", count.written,
                  count.written == 1 ? "" : "s", path) < 0 ||
           fflush(stdout) != 0;
}

int
wxs_export_dkim_zone_main(int argc, char **argv)
{
    static const char help[] =
        "Usage: waxseal export dkim-zone --dir DIR\n"
        "\n"
        "Prints the TXT records that the DKIM CNAMEs of domains lead to, as "
        "lines of a\n"
        "zone file: publish them in the zone of the setting dkim.zone.\n"
        "\n"
        "  --dir DIR        the state directory\n"
        "  --help, --version\n";
    const char *dir = NULL;
    const wxs_option options[] = {{"dir", &dir, NULL}, {0}};
    const wxs_command command = {"waxseal export dkim-zone", help, options, 0};
    wxs_db *control = NULL;
    wxs_error error;
    bool ok;

    int code = wxs_args_read(&command, argc, argv, NULL);
    if (code >= 0)
        return code;
    if (dir == NULL)
        return wxs_misused(&command, "--dir is missing");
    (void)umask(027);
    ok = wxs_user_settle(dir, NULL, &error) &&
         wxs_db_open(&control, dir, WXS_DB_CONTROL, WXS_DB_WRITE, &error) &&
         wxs_export_zone(control, stdout, &error);
    wxs_db_close(control);
    return ok ? fflush(stdout) != 0 : wxs_complain(&command, &error);
}
