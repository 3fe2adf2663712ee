// The tile unit of AMX: eight tiles of 16 rows of 16 words, and products of them. Here are the instructions themselves;
// amx_emulated.h is the same interface without them. As assembly, because g++ 12's intrinsics do not say that they touch
// memory. BIGRU_TILES, set by a file of src/isa, says which of the two its products of fewer bits are made by.
#pragma once

#include "simd.h"

#define BIGRU_TILES_REAL 1
#define BIGRU_TILES_EMULATED 2

namespace {

constexpr int TILE = 16;    // rows of a tile, and words of a row
constexpr int kTiles = 8;
constexpr int TILE_A = 3, TILE_B = 4;  // the left factor and the first of three right ones; sums are tiles 0 to 2

// What LDTILECFG reads: every tile is whole.
struct alignas(64) TileShapes {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
};
BIGRU_INLINE TileShapes whole_tiles() {
  TileShapes s = {};
  s.palette = 1;
  for (int i = 0; i < kTiles; ++i) s.row_bytes[i] = TILE * 4, s.rows[i] = TILE;
  return s;
}

}  // namespace

#if BIGRU_TILES == BIGRU_TILES_EMULATED
#include "amx_tiles_emulated.h"
#elif BIGRU_TILES == BIGRU_TILES_REAL

namespace {

BIGRU_INLINE void tiles_save(TileShapes* to) { asm volatile("sttilecfg %0" : "=m"(*to)); }
BIGRU_INLINE void tiles_shape(const TileShapes& s) { asm volatile("ldtilecfg %0" : : "m"(s) : "memory"); }

template <int T> BIGRU_INLINE void tile_zero() { asm volatile("tilezero %%tmm%c0" : : "i"(T)); }

// Rows are `stride` words apart.
template <int T> BIGRU_INLINE void tile_load(const void* from, int64_t stride) {
  asm volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(from), "r"(stride * 4), "i"(T) : "memory");
}
template <int T> BIGRU_INLINE void tile_store(void* to, int64_t stride) {
  asm volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(to), "r"(stride * 4), "i"(T) : "memory");
}

// C[row, column] += sum over k of A[row, k] * B[k, column], each a word: of pairs of bfloat16, in float; of four bytes,
// A's unsigned and B's signed, in 32-bit integers. What pairs flush and round does not depend on the thread's mode.
template <int C, int A, int B> BIGRU_INLINE void tile_add_pairs() {
  asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(C), "i"(A), "i"(B));
}
template <int C, int A, int B> BIGRU_INLINE void tile_add_quads() {
  asm volatile("tdpbusd %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(C), "i"(A), "i"(B));
}

}  // namespace

#endif

#if BIGRU_TILES

namespace {

// The thread's tile unit, in use while this lives: what was set up before is set up again afterwards, which for a thread
// that had nothing set up is the unit's state at rest. Contents of tiles are no caller's to keep.
class AmxScope {
 public:
  AmxScope() {
    tiles_save(&before_);
    tiles_shape(whole_tiles());
  }
  ~AmxScope() { tiles_shape(before_); }
  AmxScope(const AmxScope&) = delete;
  AmxScope& operator=(const AmxScope&) = delete;

 private:
  TileShapes before_;
};

}  // namespace

#endif
