#ifndef WXS_WAXSEAL_WEBHOOK_EVENTS_H
#define WXS_WAXSEAL_WEBHOOK_EVENTS_H

/* `waxseal webhook events|attempts|replay`: what a webhook was told. */
int wxs_webhook_events_main(int argc, char **argv);
int wxs_webhook_attempts_main(int argc, char **argv);
int wxs_webhook_replay_main(int argc, char **argv);

#endif
