#ifndef WXS_WAXSEAL_ROTATE_LINKS_H
#define WXS_WAXSEAL_ROTATE_LINKS_H

/* `waxseal domain rotate-links`; returns the exit code. */
int wxs_domain_rotate_links_main(int argc, char **argv);

#endif
