// CRC32C (Castagnoli) with the CPU's instruction where there is one. In C because Swift has no portable way to reach it.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Continues `crc` (0 to start) over `length` bytes. Never reads past `data + length`.
uint32_t mneme_crc32c(uint32_t crc, const void *data, size_t length);

/// The same value, always by table: the reference that the tests compare the fast path with.
uint32_t mneme_crc32c_portable(uint32_t crc, const void *data, size_t length);

#ifdef __cplusplus
}
#endif
