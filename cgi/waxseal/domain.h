#ifndef WXS_WAXSEAL_DOMAIN_H
#define WXS_WAXSEAL_DOMAIN_H

/* `waxseal domain add`, `list` and so on, argv[0] being that word */
int wxs_domain_add_main(int argc, char **argv);
int wxs_domain_list_main(int argc, char **argv);
int wxs_domain_show_main(int argc, char **argv);
int wxs_domain_verify_main(int argc, char **argv);
int wxs_domain_retry_main(int argc, char **argv);
int wxs_domain_check_main(int argc, char **argv);
int wxs_domain_rotate_dkim_main(int argc, char **argv);
int wxs_domain_import_key_main(int argc, char **argv);

#endif
