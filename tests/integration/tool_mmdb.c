/* tool_mmdb FILE NETWORK PREFIX CODE... - writes a database of countries of
 * IPv4 networks. */
#include <stdlib.h>

#include "../unit/worker/mmdb.h"

int
main(int argc, char **argv)
{
    static mmdb database;

    for (int i = 2; i + 2 < argc; i += 3)
        mmdb_add(&database, argv[i], atoi(argv[i + 1]), "country", argv[i + 2]);
    return argc < 5 || mmdb_write(&database, argv[1]) != 0;
}
