#ifndef WXS_CERTS_ISSUED_H
#define WXS_CERTS_ISSUED_H

#include "chain.h"
#include "hosts.h"
#include "seal.h"

/* Certificates that were issued: sealed in control.db, and in the clear in
 * DIR/certs for nginx's workers (core/certificate_file.h), which can be made
 * anew from control.db at any time. */

typedef struct {
    wxs_db *db;
    const wxs_seal_key *master;
    char folder[420]; /* DIR/certs */
} wxs_issued;

/* Fills it. */
bool wxs_issued_open(wxs_issued *issued, const wxs_config *config, wxs_db *db,
                     const wxs_seal_key *master, wxs_error *error);

/* Stores the certificate and has nginx serve it: the file first, then its
 * generation. In a transaction of its own. */
bool wxs_issued_put(const wxs_issued *issued, const wxs_order *order,
                    const wxs_chain_file *chain, int64_t now, wxs_error *error);

/* Makes the folder, mode 0750, if there is none, and removes what a process
 * that was killed left half written. Before any file is written. */
bool wxs_issued_prepare(const wxs_issued *issued, wxs_error *error);

/* Writes the files of all served certificates that are missing; *count tells
 * how many. One that cannot be is logged: it must not keep back the others. */
bool wxs_issued_restore(const wxs_issued *issued, size_t *count,
                        wxs_error *error);

/* Removes certificates, rows and files, that were replaced before the time. */
bool wxs_issued_forget(const wxs_issued *issued, int64_t before,
                       wxs_error *error);

#endif
