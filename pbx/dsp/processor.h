/* Which instructions the kernels may use, found once when the library is loaded.
 *
 * Kernels with hand-written versions ask processor_level() at each run and call the version of that level; plain C is
 * the reference, and every version must give the same results bit for bit. Levels are architecture levels and not
 * processor names: by name gcc 12 falls back silently to the slowest version on processors of another maker.
 */
#pragma once
#include "kernels_api.h"
