#ifndef WXS_STORE_ROLLUPS_H
#define WXS_STORE_ROLLUPS_H

#include "tag_sets.h"
#include "tally.h"

#define WXS_ITEMS_A_DAY 1000 /* rows of a domain, of links and of tags */

/* Add sums to the tables of counts.db, inside a transaction. They sort what
 * they are given. part is the partition that texts of links are in. */
bool wxs_rollup_hours(wxs_db *counts, const wxs_tallies *hours,
                      wxs_error *error);
bool wxs_rollup_links(wxs_db *counts, wxs_db *part, wxs_tallies *links,
                      wxs_error *error);
bool wxs_rollup_tags(wxs_db *counts, wxs_tallies *tags, wxs_error *error);

#endif
