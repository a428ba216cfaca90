/* pg_prepared: the statements that a connection for reads has prepared. */
#ifndef STORE_PG_PREPARED_H
#define STORE_PG_PREPARED_H

#include "store/pg_statement.h"

/* Few: a linear search is enough. A number is used once on a connection, so that a statement can be
 * prepared again under a new name. */
enum { PG_PREPARED_MAX = 32, PG_NAME_MAX = 64 };
struct pg_prepared {
    struct pg_prepared_statement {
        const struct pg_statement *statement;
        int number; /* from 1 */
        char name[PG_NAME_MAX];
    } list[PG_PREPARED_MAX];
    int count;
    int numbers; /* the last one that was used */
};
void pg_name_prepared(const struct pg_statement *statement, int number, char name[PG_NAME_MAX]);
/* NULL: not prepared. */
const struct pg_prepared_statement *pg_find_prepared(const struct pg_prepared *prepared,
                                                     const struct pg_statement *statement);
void pg_add_prepared(struct pg_prepared *prepared, const struct pg_statement *statement, int number);
void pg_forget_prepared(struct pg_prepared *prepared, int number);

#endif
