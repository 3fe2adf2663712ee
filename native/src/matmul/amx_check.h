// Whether the tile unit gives the sums it should: small whole numbers, exact in any order, all of them different enough
// that a row, a column or a factor in another's place shows.
#pragma once

#include "products.h"

namespace {

constexpr int kCheckDepth = 2 * TILE, kCheckWidth = 3, kCheckStride = kCheckDepth + 8;

BIGRU_INLINE int check_number(int row, int number) { return (row * 29 + number * 13 + row * number * 3) % 17 - 8; }

template <class E> inline E check_word(int row, int word, bool left);
template <> inline Pair check_word<Pair>(int row, int word, bool) {
  const float two[2] = {(float)check_number(row, 2 * word), (float)check_number(row, 2 * word + 1)};
  return pack_word<Pair>(two, 1, 2, 1.0f);
}
template <> inline Quad check_word<Quad>(int row, int word, bool left) {
  uint32_t bits = 0;
  for (int i = 0; i < 4; ++i) bits |= (uint32_t)((check_number(row, 4 * word + i) + (left ? 128 : 0)) & 255) << 8 * i;
  return {bits};
}

template <class E> inline int32_t check_sum(int row, int column) {
  int32_t sum = 0;
  for (int i = 0; i < kCheckDepth * Number<E>::count; ++i)
    sum += (check_number(row, i) + (Number<E>::scaled ? 128 : 0)) * check_number(100 + column, i);
  return sum;
}

// `spoil` changes one word of a factor, so that a test can see the check fail.
template <class E> inline bool product_is_right(uint32_t spoil) {
  constexpr int columns = kCheckWidth * W;
  alignas(64) E a[TILE * kCheckStride], b[kCheckDepth * columns];
  alignas(64) float sums[TILE * columns];
  for (int k = 0; k < kCheckDepth; ++k) {
    for (int row = 0; row < TILE; ++row) a[row * kCheckStride + k] = check_word<E>(row, k, true);
    for (int column = 0; column < columns; ++column) b[k * columns + column] = check_word<E>(100 + column, k, false);
  }
  b[kCheckDepth * columns - 1].bits ^= spoil;
  {
    const ProductScope<E> tiles;
    make_product<kCheckWidth>(Product<E>{{a, kCheckStride, nullptr}, {b, 0, nullptr}, kCheckDepth}, 0, sums);
  }
  for (int row = 0; row < TILE; ++row)
    for (int column = 0; column < columns; ++column) {
      const float* made = sums + row * columns + column;
      int32_t whole;
      __builtin_memcpy(&whole, made, sizeof whole);
      if ((Number<E>::scaled ? whole : (int32_t)*made) != check_sum<E>(row, column)) return false;
    }
  return true;
}

inline bool tiles_are_right() { return product_is_right<Pair>(0) && product_is_right<Quad>(0); }

}  // namespace
