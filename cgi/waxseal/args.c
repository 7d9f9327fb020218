#include "args.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "version.h"

enum {
    OPTION_HELP = 256,
    OPTION_VERSION,
    OPTION_FIRST
};

/* Fills getopt's table from the command's, with --help and --version added. */
static void
options_list(const wxs_command *command, struct option *list)
{
    size_t n = 0;

    for (const wxs_option *option = command->options; option->name != NULL;
         option++, n++) {
        list[n].name = option->name;
        list[n].has_arg =
            option->value != NULL ? required_argument : no_argument;
        list[n].val = OPTION_FIRST + (int)n;
    }
    list[n].name = "help";
    list[n].val = OPTION_HELP;
    list[n + 1].name = "version";
    list[n + 1].val = OPTION_VERSION;
}

static wxs_args
option_error(int result, char **argv, wxs_error *error)
{
    if (result == ':') {
        (void)wxs_fail(error, "option %s needs a value", argv[optind - 1]);
    } else if (optopt > 0 && optopt < OPTION_HELP) {
        (void)wxs_fail(error, "there is no option -%c", optopt);
    } else if (optopt != 0) {
        (void)wxs_fail(error, "option %s takes no value", argv[optind - 1]);
    } else {
        (void)wxs_fail(error, "there is no option %s", argv[optind - 1]);
    }
    return WXS_ARGS_BAD;
}

static wxs_args
options_parse(const wxs_command *command, int argc, char **argv,
              wxs_error *error)
{
    struct option list[WXS_OPTIONS_MAX + 3] = {0};
    int result;

    options_list(command, list);
    opterr = 0;
    optind = 0; /* resets getopt, which keeps its place in statics */
    while ((result = getopt_long(argc, argv, ":h", list, NULL)) != -1) {
        if (result == OPTION_HELP || result == 'h')
            return WXS_ARGS_HELP;
        if (result == OPTION_VERSION)
            return WXS_ARGS_VERSION;
        if (result < OPTION_FIRST)
            return option_error(result, argv, error);
        const wxs_option *option = &command->options[result - OPTION_FIRST];
        if (option->value != NULL)
            *option->value = optarg;
        else
            *option->flag = true;
    }
    return WXS_ARGS_OK;
}

wxs_args
wxs_args_parse(const wxs_command *command, int argc, char **argv,
               const char *operand[WXS_OPERANDS_MAX], wxs_error *error)
{
    wxs_args result = options_parse(command, argc, argv, error);

    if (result != WXS_ARGS_OK)
        return result;
    size_t count = (size_t)(argc - optind);
    if (count > command->operands) {
        (void)wxs_fail(error, "\"%s\" is one argument too many",
                       argv[optind + (int)command->operands]);
        return WXS_ARGS_BAD;
    }
    if (count < command->operands) {
        (void)wxs_fail(error, "an argument is missing");
        return WXS_ARGS_BAD;
    }
    for (size_t i = 0; i < count; i++)
        operand[i] = argv[optind + (int)i];
    return WXS_ARGS_OK;
}

int
wxs_args_read(const wxs_command *command, int argc, char **argv,
              const char *operand[WXS_OPERANDS_MAX])
{
    wxs_error error;

    switch (wxs_args_parse(command, argc, argv, operand, &error)) {
    case WXS_ARGS_OK:
        return -1;
    case WXS_ARGS_HELP:
        return fputs(command->help, stdout) < 0 || fflush(stdout) != 0;
    case WXS_ARGS_VERSION:
        return puts("waxseal " WXS_VERSION) < 0 || fflush(stdout) != 0;
    case WXS_ARGS_BAD:
        break;
    }
    return wxs_misused(command, error.text);
}

int
wxs_complain(const wxs_command *command, const wxs_error *error)
{
    (void)fprintf(stderr, "%s: %s\n", command->name, error->text);
    return 1;
}

int
wxs_misused(const wxs_command *command, const char *what)
{
    (void)fprintf(stderr, "%s: %s; see %s --help\n", command->name, what,
                  command->name);
    return WXS_EXIT_USAGE;
}
