/* CRC-32 of ITU-T V.42 8.1.1.6.2, over what must be told torn or whole after a sudden death. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Continues `crc` (0 to begin) over `count` octets. */
uint32_t crc32_of(uint32_t crc, const void *octets, size_t count);
