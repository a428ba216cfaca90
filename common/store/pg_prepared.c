#include "store/pg_prepared.h"

#include <stdio.h>

void pg_name_prepared(const struct pg_statement *statement, int number, char name[PG_NAME_MAX])
{
    snprintf(name, PG_NAME_MAX, "%s_%d", statement->name, number);
}

const struct pg_prepared_statement *pg_find_prepared(const struct pg_prepared *prepared,
                                                     const struct pg_statement *statement)
{
    for (int i = 0; i < prepared->count; i++)
        if (prepared->list[i].statement == statement)
            return &prepared->list[i];
    return NULL;
}

void pg_add_prepared(struct pg_prepared *prepared, const struct pg_statement *statement, int number)
{
    if (prepared->count == PG_PREPARED_MAX || pg_find_prepared(prepared, statement))
        return;
    struct pg_prepared_statement *added = &prepared->list[prepared->count++];
    added->statement = statement;
    added->number = number;
    pg_name_prepared(statement, number, added->name);
}

void pg_forget_prepared(struct pg_prepared *prepared, int number)
{
    for (int i = 0; i < prepared->count; i++)
        if (prepared->list[i].number == number)
            prepared->list[i--] = prepared->list[--prepared->count];
}
