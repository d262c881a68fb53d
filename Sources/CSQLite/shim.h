// SQLite with FTS5 (Debian libsqlite3-dev). Wraps what Swift cannot import: macros with casts and variadic functions.
#pragma once
#include <sqlite3.h>

static inline sqlite3_destructor_type mneme_sqlite_transient(void) { return SQLITE_TRANSIENT; }
static inline sqlite3_destructor_type mneme_sqlite_static(void) { return SQLITE_STATIC; }

// Whether closing the last connection copies the write-ahead file into the database.
static inline int mneme_sqlite_set_checkpoint_on_close(sqlite3 *database, int is_on) {
    return sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, is_on ? 0 : 1, (int *)0);
}
