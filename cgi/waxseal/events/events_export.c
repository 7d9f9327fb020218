#include <stdio.h>

#include "args.h"
#include "ask.h"
#include "domain_access.h"
#include "events.h"
#include "events_filter.h"

static const char help[] =
    "Usage: waxseal events export [OPTIONS]\n"
    "\n"
    "Writes events to the standard output, the oldest first, as many as there "
    "are. The\n"
    "exit code is 0 only if the output is whole.\n"
    "\n"
    "  --format F       csv (default) or ndjson\n" WXS_EVENTS_FILTER_HELP
        WXS_ACCESS_HELP;

static bool
run(const wxs_client_options *access, const wxs_events_filter *filter,
    const char *format, wxs_error *error)
{
    char path[WXS_EVENTS_PATH];
    wxs_client *client = wxs_client_open(access, error);
    bool ok = client != NULL &&
              wxs_events_path(client, "/events/export", filter, path, error) &&
              wxs_ask_parameter(path, sizeof(path), "format", format, error) &&
              wxs_client_download(client, path, stdout, error);

    wxs_client_close(client);
    return ok;
}

int
wxs_events_export_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    wxs_events_filter filter = {0};
    bool as_json = false;
    const char *format = NULL;
    const wxs_option options[] = {WXS_ACCESS_OPTIONS,
                                  WXS_EVENTS_FILTER_OPTIONS,
                                  {"format", &format, NULL},
                                  {0}};
    const wxs_command command = {"waxseal events export", help, options, 0};
    wxs_error error;

    int code = wxs_args_read(&command, argc, argv, NULL);
    if (code >= 0)
        return code;
    if (format == NULL)
        format = as_json ? "ndjson" : "csv";
    return run(&access, &filter, format, &error)
               ? 0
               : wxs_complain(&command, &error);
}
