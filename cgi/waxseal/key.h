#ifndef WXS_WAXSEAL_KEY_H
#define WXS_WAXSEAL_KEY_H

/* `waxseal key create`, argv[0] being "create" */
int wxs_key_create_main(int argc, char **argv);

#endif
