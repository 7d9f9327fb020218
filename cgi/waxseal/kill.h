#ifndef WXS_WAXSEAL_KILL_H
#define WXS_WAXSEAL_KILL_H

/* `waxseal kill link|message|domain` and `waxseal unkill ...`; return the exit
 * code. */
int wxs_kill_link_main(int argc, char **argv);
int wxs_kill_message_main(int argc, char **argv);
int wxs_kill_domain_main(int argc, char **argv);
int wxs_unkill_link_main(int argc, char **argv);
int wxs_unkill_message_main(int argc, char **argv);
int wxs_unkill_domain_main(int argc, char **argv);

#endif
