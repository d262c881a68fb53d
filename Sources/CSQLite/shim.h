// SQLite with FTS5 (Debian libsqlite3-dev). Wraps what Swift cannot import: macros with casts and variadic functions.
#pragma once
#include <sqlite3.h>

static inline sqlite3_destructor_type mneme_sqlite_transient(void) { return SQLITE_TRANSIENT; }
static inline sqlite3_destructor_type mneme_sqlite_static(void) { return SQLITE_STATIC; }
