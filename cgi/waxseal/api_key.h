#ifndef WXS_WAXSEAL_API_KEY_H
#define WXS_WAXSEAL_API_KEY_H

/* `waxseal key add`, `list`, `rename` and `delete`, which ask the API, argv[0]
 * being that word */
int wxs_api_key_add_main(int argc, char **argv);
int wxs_api_key_list_main(int argc, char **argv);
int wxs_api_key_rename_main(int argc, char **argv);
int wxs_api_key_delete_main(int argc, char **argv);

#endif
