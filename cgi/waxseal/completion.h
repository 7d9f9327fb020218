#ifndef WXS_WAXSEAL_COMPLETION_H
#define WXS_WAXSEAL_COMPLETION_H

/* `waxseal completion bash` and `zsh`, argv[0] being that word: prints a script
 * that completes commands and options. It asks `waxseal` itself for them, so
 * that it is never out of date. */
int wxs_completion_bash_main(int argc, char **argv);
int wxs_completion_zsh_main(int argc, char **argv);

#endif
