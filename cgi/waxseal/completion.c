#include "completion.h"

#include <stdio.h>

#include "args.h"

/* The words of `waxseal --help` that stand two blanks in are the commands, and
 * what begins with two dashes in a command's help its options. */
#define COMMANDS                                                               \
    "waxseal --help | sed -nE 's/^  ([a-z]+)( [a-z|-]+)?( .*)?$/\\1\\2/p'"

static const char bash[] =
    "# eval \"$(waxseal completion bash)\"\n"
    "_waxseal() {\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} first=${COMP_WORDS[1]}\n"
    "    local second=${COMP_WORDS[2]} words\n"
    "    case $second in -*) second= ;; esac\n"
    "    if [[ $word == -* ]]; then\n"
    "        words=$(waxseal $first $second --help 2>/dev/null |\n"
    "            grep -oE -- '--[a-z][a-z-]*' | sort -u)\n"
    "    elif [[ $COMP_CWORD == 1 ]]; then\n"
    "        words=$(_waxseal_commands | cut -d' ' -f1 | sort -u)\n"
    "    elif [[ $COMP_CWORD == 2 ]]; then\n"
    "        words=$(_waxseal_commands | sed -n \"s/^$first //p\" | tr '|' ' "
    "')\n"
    "    fi\n"
    "    if [[ -n $words ]]; then\n"
    "        COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
    "    else\n"
    "        COMPREPLY=($(compgen -f -- \"$word\"))\n"
    "    fi\n"
    "}\n"
    "_waxseal_commands() {\n"
    "    " COMMANDS "\n"
    "}\n"
    "complete -o filenames -F _waxseal waxseal\n";

static const char zsh[] =
    "#compdef waxseal\n"
    "# waxseal completion zsh > \"${fpath[1]}/_waxseal\"\n"
    "_waxseal_commands() {\n"
    "    " COMMANDS "\n"
    "}\n"
    "_waxseal() {\n"
    "    local first=${words[2]} second=${words[3]}\n"
    "    local -a found\n"
    "    [[ $second == -* ]] && second=\n"
    "    if [[ ${words[CURRENT]} == -* ]]; then\n"
    "        found=(${(fu)\"$(waxseal $first ${=second} --help 2>/dev/null |\n"
    "            grep -oE -- '--[a-z][a-z-]*')\"})\n"
    "    elif (( CURRENT == 2 )); then\n"
    "        found=(${(fu)\"$(_waxseal_commands | cut -d' ' -f1)\"})\n"
    "    elif (( CURRENT == 3 )); then\n"
    "        found=(${(fu)\"$(_waxseal_commands | sed -n \"s/^$first //p\" |\n"
    "            tr '|' '\\n')\"})\n"
    "    fi\n"
    "    if (( $#found )); then compadd -- $found; else _files; fi\n"
    "}\n"
    "_waxseal \"$@\"\n";

static int
print(int argc, char **argv, const char *name, const char *script)
{
    const wxs_option options[] = {{0}};
    const wxs_command command = {
        name,
        "Usage: waxseal completion bash|zsh\n"
        "\n"
        "Prints a script that completes commands and options of waxseal:\n"
        "  bash: eval \"$(waxseal completion bash)\" in ~/.bashrc\n"
        "  zsh:  waxseal completion zsh > \"${fpath[1]}/_waxseal\"\n"
        "  --help, --version\n",
        options, 0};

    int code = wxs_args_read(&command, argc, argv, NULL);
    if (code >= 0)
        return code;
    return fputs(script, stdout) < 0 || fflush(stdout) != 0;
}

int
wxs_completion_bash_main(int argc, char **argv)
{
    return print(argc, argv, "waxseal completion bash", bash);
}

int
wxs_completion_zsh_main(int argc, char **argv)
{
    return print(argc, argv, "waxseal completion zsh", zsh);
}
