#ifndef WXS_WAXSEAL_DOMAIN_MORE_H
#define WXS_WAXSEAL_DOMAIN_MORE_H

/* `waxseal domain delete`, `import` and `claim`, argv[0] being that word */
int wxs_domain_delete_main(int argc, char **argv);
int wxs_domain_import_main(int argc, char **argv);
int wxs_domain_claim_main(int argc, char **argv);

#endif
