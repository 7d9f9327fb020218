#ifndef WXS_WAXSEAL_REWRITE_MESSAGE_H
#define WXS_WAXSEAL_REWRITE_MESSAGE_H

/* waxseal rewrite: a message from standard input to standard output. Returns
 * the exit code. */
int wxs_rewrite_main(int argc, char **argv);

#endif
