#include "table.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "args.h"
#include "clock.h"
#include "table_build.h"
#include "user.h"

#define LOG_STEP_MS 5000 /* between lines where there is no terminal */

static int64_t started_ms, shown_ms;
static uint64_t built;

static void
rate_print(void)
{
    int64_t ms = wxs_monotonic_ms() - started_ms;
    uint64_t rate = built * 1000 / (uint64_t)(ms > 0 ? ms : 1);

    (void)fprintf(stderr,
                  "%" PRIu64 " entries in %" PRId64 ".%03" PRId64 " s, %" PRIu64
                  "/s",
                  built, ms / 1000, ms % 1000, rate);
}

/* One line that changes on a terminal, a line now and then in a log. */
static void
on_progress(uint64_t done, uint64_t total)
{
    bool terminal = isatty(STDERR_FILENO) == 1;
    int64_t now = wxs_monotonic_ms();

    built = done;
    if (done == 0) { /* all are counted; from here on the rate is meant */
        started_ms = now;
        (void)fprintf(stderr, "building %" PRIu64 " entries\n", total);
    }
    if (done == 0 || (!terminal && now - shown_ms < LOG_STEP_MS))
        return;
    shown_ms = now;
    (void)fprintf(stderr, "%s%3" PRIu64 " %%  ", terminal ? "\r" : "",
                  done * 100 / total);
    rate_print();
    if (done > 0)
        (void)fprintf(stderr, ", %" PRIu64 " s left",
                      (total - done) * (uint64_t)(now - started_ms) / done /
                          1000);
    (void)fputs(terminal ? "   " : "\n", stderr);
}

int
wxs_table_build_main(int argc, char **argv)
{
    static const char help[] =
        "Usage: waxseal table build --dir DIR [--config FILE]\n"
        "\n"
        "Builds the lookup table that nginx reads anew from control.db. Not "
        "needed while\n"
        "`waxseal run` is at work, which keeps the table complete.\n"
        "\n"
        "  --dir DIR      the state directory\n"
        "  --config FILE  settings in place of DIR/waxseal.conf\n"
        "  --help, --version\n";
    const char *dir = NULL, *config_file = NULL;
    const wxs_option options[] = {
        {"dir", &dir, NULL}, {"config", &config_file, NULL}, {0}};
    const wxs_command command = {"waxseal table build", help, options, 0};
    wxs_config config;
    wxs_error error;

    int code = wxs_args_read(&command, argc, argv, NULL);
    if (code >= 0)
        return code;
    if (dir == NULL)
        return wxs_misused(&command, "--dir is missing");
    (void)umask(027);
    started_ms = shown_ms = wxs_monotonic_ms();
    if (!wxs_user_settle(dir, NULL, &error) ||
        !wxs_config_load(&config, dir, config_file, &error) ||
        !wxs_table_build(&config, on_progress, &error))
        return wxs_complain(&command, &error);
    (void)fputs(isatty(STDERR_FILENO) == 1 ? "\r\033[K" : "", stderr);
    rate_print();
    (void)fputc('\n', stderr);
    return 0;
}
