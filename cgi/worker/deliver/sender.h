#ifndef WXS_DELIVER_SENDER_H
#define WXS_DELIVER_SENDER_H

#include "config.h"
#include "queue.h"
#include "target.h"

/* Delivers by HTTP, many at a time, in one thread that never waits for any of
 * them. Connects only to addresses that are public or in
 * webhook.allow_networks, judged when the socket is made, after the name was
 * resolved; http only to the latter. Follows no redirect, uses no proxy. */
typedef struct wxs_sender wxs_sender;

#define WXS_SENDER_FLIGHT 512

/* NULL with error filled. config must outlive it. */
wxs_sender *wxs_sender_new(const wxs_config *config, wxs_error *error);

/* Breaks off what is under way. Accepts NULL. */
void wxs_sender_free(wxs_sender *sender);

/* How many more deliveries may be started. */
size_t wxs_sender_room(const wxs_sender *sender);

/* Starts a delivery, signed with the time of now (microseconds), and takes its
 * payload over. False with error filled: then it has not been started. */
bool wxs_sender_start(wxs_sender *sender, const wxs_target *target,
                      wxs_delivery *delivery, int64_t now, wxs_error *error);

/* Have some ended that wxs_sender_ended() has not told of? */
bool wxs_sender_waiting(const wxs_sender *sender);

/* Goes on with all of them, for at most ms milliseconds (10, if some have
 * ended) unless one of them or fd has something to say. */
bool wxs_sender_run(wxs_sender *sender, int fd, int ms, wxs_error *error);

/* The next delivery that has ended; its response is good until the next call.
 * False if there is none. */
bool wxs_sender_ended(wxs_sender *sender, wxs_outcome *outcome);

#endif
