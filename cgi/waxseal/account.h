#ifndef WXS_WAXSEAL_ACCOUNT_H
#define WXS_WAXSEAL_ACCOUNT_H

/* `waxseal account add`, `list` and so on, argv[0] being that word */
int wxs_account_add_main(int argc, char **argv);
int wxs_account_list_main(int argc, char **argv);
int wxs_account_set_main(int argc, char **argv);
int wxs_account_delete_main(int argc, char **argv);

#endif
