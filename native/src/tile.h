// Register tiles of the matrix products. The order of every sum is that of its index, whatever the tile's shape, so a
// row's result does not depend on the rows computed beside it.
#pragma once

#include "number.h"

namespace {

template <class E> struct Rows {     // the left factor: rows of numbers
  const E* data;
  long stride;                       // words
  const float* scale;                // per row, of Quad
  BIGRU_INLINE Rows from(long row) const { return {data + row * stride, stride, scale ? scale + row : nullptr}; }
};

template <class E> struct Panels {   // the right factor: packed panels, V vectors for each word of a row
  const E* data;
  long apart;                        // words from a panel to the next
  const float* scale;                // of Quad: per panel V vectors of scales, then V of what the sums start from
};

// acc[p][r][v] += sum over k < depth of a[r, k] * b[p][k, v].
template <class E, class S, int P, int R, int V>
BIGRU_INLINE void multiply(S (&acc)[P][R][V], const E* a, long lda, const E* b, long apart, long depth) {
  for (long k = 0; k < depth; ++k, b += V * W)
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p)
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) multiply_add(acc[p][r][v], a + r * lda + k, b + p * apart + v * W);
}

// The same into float sums; whole numbers are summed apart, exactly, and then scaled.
template <class E, int P, int R, int V>
BIGRU_INLINE void add_product(vf (&sum)[P][R][V], const Rows<E>& a, const Panels<E>& b, long depth) {
  if constexpr (!Number<E>::scaled) {
    multiply(sum, a.data, a.stride, b.data, b.apart, depth);
  } else {
    vi acc[P][R][V];
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p)
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) acc[p][r][v] = bits(load(b.scale + ((2 * p + 1) * V + v) * W));
    multiply(acc, a.data, a.stride, b.data, b.apart, depth);
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p)
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v)
          sum[p][r][v] += __builtin_convertvector(acc[p][r][v], vf) * (a.scale[r] * load(b.scale + (2 * p * V + v) * W));
  }
}

// acc[r][v] += sum over k < depth of a[k, r] * b[k, v]; both with rows (k) apart by their stride.
template <class E, int R, int V>
BIGRU_INLINE void multiply_transposed(vf (&acc)[R][V], const E* a, long lda, const E* b, long ldb, long depth) {
  for (long k = 0; k < depth; ++k, a += lda, b += ldb)
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) multiply_add(acc[r][v], a + r, b + v * W);
}

// A matrix of `vectors` columns-of-W is cut into panels of at most three vectors: 3 3 .. 3, then 2, 2+2 or nothing
// (a lone 1 only when there is one vector): narrow tiles would leave the multipliers waiting for their own sums.
BIGRU_INLINE int panel_width(long vectors_left) {
  return vectors_left == 4 || vectors_left == 2 ? 2 : vectors_left == 1 ? 1 : 3;
}

// Calls f(first vector, Constant<width>) for each panel.
template <class F> BIGRU_INLINE void for_panels(long vectors, F f) {
  for (long v = 0; v < vectors;) {
    const int width = panel_width(vectors - v);
    if (width == 3) f(v, Constant<3>{});
    else if (width == 2) f(v, Constant<2>{});
    else f(v, Constant<1>{});
    v += width;
  }
}

// Calls f(first row, Constant<rows>) for each tile of rows.
template <class F> BIGRU_INLINE void for_tiles(long rows, F f) {
  for (long row = 0; row < rows; row += ROWS) with_rows(smaller(ROWS, rows - row), [&](auto r) { f(row, r); });
}

}  // namespace
