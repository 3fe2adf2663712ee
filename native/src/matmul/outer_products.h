// The gradients of the weights: products whose sums run over the rows of both factors, which are steps, so that words
// shared by several numbers are shared by steps.
#pragma once

#include "products.h"

namespace {

// Floats for `rows` rows with as many of them to a word as share one.
template <class E> BIGRU_INLINE int64_t shared_floats(int64_t rows, int64_t stride) {
  return Number<E>::count == 1 ? 0 : words<E>(rows) * stride;
}

// A matrix with as many rows to a word as share one.
template <class E> BIGRU_INLINE const E* share_words(const float* from, int64_t stride, int64_t rows, int64_t columns, float* to) {
  if constexpr (Number<E>::count == 1) return from;
  else return pair_rows(from, stride, rows, columns, (E*)to, stride), (const E*)to;
}

// acc[r][v] += sum over k < depth of a[k, r] * b[k, v]; both with rows (k) apart by their stride.
template <class E, int R, int V>
BIGRU_INLINE void multiply_transposed(vf (&acc)[R][V], const E* a, int64_t lda, const E* b, int64_t ldb, int64_t depth) {
  for (int64_t k = 0; k < depth; ++k, a += lda, b += ldb)
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) multiply_add(acc[r][v], a + r, b + v * W);
}

#if BIGRU_TILES

// Rows and columns of 16 vectors change places: each round moves the last bit of a lane's number to the row's.
BIGRU_INLINE void turn(__m512i (&rows)[TILE]) {
  const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
#pragma GCC unroll 4
  for (int round = 0; round < 4; ++round) {
    __m512i next[TILE];
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      next[2 * i] = _mm512_permutex2var_epi32(rows[i], low, rows[i + 8]);
      next[2 * i + 1] = _mm512_permutex2var_epi32(rows[i], high, rows[i + 8]);
    }
#pragma GCC unroll 16
    for (int i = 0; i < TILE; ++i) rows[i] = next[i];
  }
}

// The words of pair_rows turned: to[columns, to_stride], a row for each column of `from`.
inline void pair_columns(const float* from, int64_t from_stride, int64_t rows, int64_t columns, Pair* to, int64_t to_stride) {
  for (int64_t word = 0; word < words<Pair>(rows); word += TILE)
    for (int64_t i = 0; i < columns; i += TILE) {
      const int64_t first = 2 * word;
      alignas(64) float block[TILE * TILE];
      pair_rows(from + first * from_stride + i, from_stride, smaller(rows - first, 2 * TILE), TILE, (Pair*)block, TILE);
      __m512i turned[TILE];
      for (int k = 0; k < TILE; ++k) turned[k] = _mm512_load_si512(block + k * TILE);
      turn(turned);
      for (int k = 0; k < TILE; ++k) _mm512_storeu_si512(to + (i + k) * to_stride + word, turned[k]);
    }
}

// The left factor of such a product as its sums' rows, which tiles want.
template <class E> struct OuterLeft {
  const E* data;
  int64_t stride;
  BIGRU_INLINE OuterLeft from(int64_t row) const { return {data + row * stride, stride}; }
};

template <class E> BIGRU_INLINE int64_t turned_stride(int64_t rows) { return words<E>(rows) + 16; }
template <class E> BIGRU_INLINE int64_t turned_floats(int64_t rows, int64_t columns, int64_t) { return columns * turned_stride<E>(rows); }
template <class E> BIGRU_INLINE OuterLeft<E> share_turned(const float* from, int64_t stride, int64_t rows, int64_t columns, float* to) {
  pair_columns(from, stride, rows, columns, (E*)to, turned_stride<E>(rows));
  return {(const E*)to, turned_stride<E>(rows)};
}

// sums[height, columns] += left[height, N] times values[N, columns], for whole tiles of height.
template <class E>
inline void add_outer(const OuterLeft<E>& left, const E* values, int64_t v_stride, int64_t rows, int64_t height, int64_t columns, float* sums) {
  for_panels(columns / W, [&](int64_t vector, auto width) {
    constexpr int V = decltype(width)::value;
    for (int64_t row = 0; row < height; row += TILE) {
      float* out = sums + row * columns + vector * W;
      for_each<V>([&](auto v) { tile_load<decltype(v)::value>(out + decltype(v)::value * W, columns); });
      add_tiles<V>(left.from(row).data, left.stride, values + vector * W, v_stride, words<E>(rows));
      for_each<V>([&](auto v) { tile_store<decltype(v)::value>(out + decltype(v)::value * W, columns); });
    }
  });
}

#else

// The left factor of such a product as its sums' columns.
template <class E> struct OuterLeft {
  const E* data;
  int64_t stride;
  BIGRU_INLINE OuterLeft from(int64_t column) const { return {data + column, stride}; }
};

template <class E> BIGRU_INLINE int64_t turned_floats(int64_t rows, int64_t, int64_t stride) { return shared_floats<E>(rows, stride); }
template <class E> BIGRU_INLINE OuterLeft<E> share_turned(const float* from, int64_t stride, int64_t rows, int64_t columns, float* to) {
  return {share_words<E>(from, stride, rows, columns, to), stride};
}

// sums[height, columns] += left[N, height]' times values[N, columns].
template <class E>
inline void add_outer(const OuterLeft<E>& left, const E* values, int64_t v_stride, int64_t rows, int64_t height, int64_t columns, float* sums) {
  for_panels(columns / W, [&](int64_t v, auto width) {
    constexpr int V = decltype(width)::value;
    for_tiles(height, [&](int64_t row, auto count) {
      constexpr int n = decltype(count)::value;
      vf acc[n][V];
      float* out = sums + row * columns + v * W;
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < V; ++j) acc[i][j] = load(out + i * columns + j * W);
      multiply_transposed(acc, left.from(row).data, left.stride, values + v * W, v_stride, words<E>(rows));
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < V; ++j) store(out + i * columns + j * W, acc[i][j]);
    });
  });
}

#endif

}  // namespace
