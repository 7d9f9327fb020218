#ifndef WXS_VERIFY_LANDMARKS_H
#define WXS_VERIFY_LANDMARKS_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

/* Networks and nameservers that tell what a customer has done: addresses of
 * proxies and of registrars' web forwarders, nameservers of parked domains.
 * They are data (conf/landmarks.txt), which the operator can replace. */

#define WXS_LANDMARKS_MAX 128
#define WXS_LANDMARK_NAME 64

typedef enum {
    WXS_LANDMARK_PROXY,
    WXS_LANDMARK_FORWARDER,
    WXS_LANDMARK_PARKING,
} wxs_landmark_kind;

typedef struct {
    wxs_landmark_kind kind;
    unsigned char address[16];    /* of a network */
    size_t length;                /* 4 or 16; 0 for a nameserver */
    unsigned bits;                /* of the network's prefix */
    char name[WXS_LANDMARK_NAME]; /* parking: the nameservers' parent */
    char who[WXS_LANDMARK_NAME];  /* for messages */
} wxs_landmark;

typedef struct {
    wxs_landmark item[WXS_LANDMARKS_MAX];
    size_t count;
} wxs_landmarks;

/* Reads lines "proxy NETWORK WHO", "forwarder NETWORK WHO" and "parking NAME
 * WHO"; "#" begins a comment. False with the line in error. */
bool wxs_landmarks_parse(const char *text, wxs_landmarks *landmarks,
                         wxs_error *error);

/* Those that came with the program. */
bool wxs_landmarks_builtin(wxs_landmarks *landmarks, wxs_error *error);

/* The file landmarks.txt of the state directory if it is there, else those
 * that came with the program. */
bool wxs_landmarks_load(const char *dir, wxs_landmarks *landmarks,
                        wxs_error *error);

/* The network of the kind that an address of 4 or 16 bytes is in, or the
 * parking service that a nameserver belongs to; NULL if none. */
const wxs_landmark *wxs_landmark_of_address(const wxs_landmarks *landmarks,
                                            wxs_landmark_kind kind,
                                            const unsigned char *address,
                                            size_t length);
const wxs_landmark *wxs_landmark_of_host(const wxs_landmarks *landmarks,
                                         const char *host);

#endif
