// The interface of amx.h without the instructions, after the operations that Intel's manual gives for them: for tests,
// on any machine whose other instructions the kernels around them need. Included by amx.h.
#pragma once

#include "simd.h"

namespace {

struct alignas(64) EmulatedTile { int32_t row[TILE][TILE]; };

thread_local TileShapes emulated_shapes;  // palette 0: the unit is at rest
thread_local EmulatedTile emulated_tiles[kTiles];

BIGRU_INLINE void tiles_save(TileShapes* to) { *to = emulated_shapes; }
BIGRU_INLINE void tiles_shape(const TileShapes& s) {
  emulated_shapes = s;
  for (EmulatedTile& tile : emulated_tiles) tile = {};
}

// The tile, which must have been given whole rows: a processor raises an exception where it was not.
BIGRU_INLINE EmulatedTile& emulated_tile(int t) {
  const TileShapes& s = emulated_shapes;
  if (s.palette != 1 || s.rows[t] != TILE || s.row_bytes[t] != TILE * 4) __builtin_trap();
  return emulated_tiles[t];
}

template <int T> BIGRU_INLINE void tile_zero() { emulated_tile(T) = {}; }
template <int T> BIGRU_INLINE void tile_load(const void* from, int64_t stride) {
  for (int i = 0; i < TILE; ++i) __builtin_memcpy(emulated_tile(T).row[i], (const char*)from + i * stride * 4, TILE * 4);
}
template <int T> BIGRU_INLINE void tile_store(void* to, int64_t stride) {
  for (int i = 0; i < TILE; ++i) __builtin_memcpy((char*)to + i * stride * 4, emulated_tile(T).row[i], TILE * 4);
}

BIGRU_INLINE vi emulated_row(const EmulatedTile& tile, int row) { return bits(load((const float*)tile.row[row])); }

// The products of the lower numbers and those of the upper ones have a sum each, from zero, and join at the end.
template <int C, int A, int B> inline void tile_add_pairs() {
  const EmulatedTile &a = emulated_tile(A), &b = emulated_tile(B);
  EmulatedTile& c = emulated_tile(C);
  const vi high = (int32_t)0xffff0000u - vi{};
  for (int row = 0; row < TILE; ++row) {
    vf lower = {}, upper = {};
    for (int k = 0; k < TILE; ++k) {
      const vi x = a.row[row][k] - vi{}, y = emulated_row(b, k);
      lower += floats(x << 16) * floats(y << 16);
      upper += floats(x & high) * floats(y & high);
    }
    store((float*)c.row[row], floats(emulated_row(c, row)) + (lower + upper));
  }
}

template <int C, int A, int B> inline void tile_add_quads() {
  const EmulatedTile &a = emulated_tile(A), &b = emulated_tile(B);
  EmulatedTile& c = emulated_tile(C);
  for (int row = 0; row < TILE; ++row) {
    vi sum = emulated_row(c, row);
    for (int k = 0; k < TILE; ++k)
      for (int i = 0; i < 4; ++i)
        sum += (int32_t)((uint32_t)a.row[row][k] >> 8 * i & 255) * (emulated_row(b, k) << (24 - 8 * i) >> 24);
    store((float*)c.row[row], floats(sum));
  }
}

}  // namespace
