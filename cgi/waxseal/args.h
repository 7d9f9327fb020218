#ifndef WXS_WAXSEAL_ARGS_H
#define WXS_WAXSEAL_ARGS_H

#include <stddef.h>

#include "error.h"

#define WXS_OPTIONS_MAX  24
#define WXS_OPERANDS_MAX 2

#define WXS_EXIT_USAGE 2

/* A long option: either value or flag is set. */
typedef struct {
    const char *name;   /* without the dashes; NULL ends the list */
    const char **value; /* set to the option's argument */
    bool *flag;         /* set to true; such an option takes no argument */
} wxs_option;

/* What one command accepts. */
typedef struct {
    const char *name; /* "waxseal run", for messages */
    const char *help; /* the whole text of --help */
    const wxs_option *options;
    size_t operands; /* exactly so many, at most WXS_OPERANDS_MAX */
} wxs_command;

typedef enum {
    WXS_ARGS_OK,
    WXS_ARGS_HELP,
    WXS_ARGS_VERSION,
    WXS_ARGS_BAD, /* error filled */
} wxs_args;

/* Reads the arguments behind argv[0]; options and operands in any order, "--"
 * ends the options. Reorders argv; what it stores points into it. */
wxs_args wxs_args_parse(const wxs_command *command, int argc, char **argv,
                        const char *operand[WXS_OPERANDS_MAX],
                        wxs_error *error);

/* The same for a program's use: prints help, version or the complaint itself.
 * Returns -1 to go on, else the exit code. */
int wxs_args_read(const wxs_command *command, int argc, char **argv,
                  const char *operand[WXS_OPERANDS_MAX]);

/* Prints "NAME: the error" on standard error; returns exit code 1. */
int wxs_complain(const wxs_command *command, const wxs_error *error);

/* Prints "NAME: what" and where the help is; returns WXS_EXIT_USAGE. */
int wxs_misused(const wxs_command *command, const char *what);

#endif
