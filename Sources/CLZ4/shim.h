// The LZ4 block format for log entries (Debian liblz4-dev).
#pragma once
#include <lz4.h>
