// Register tiles of the matrix products. The order of every sum is that of its index, whatever the tile's shape, so a
// row's result does not depend on the rows computed beside it.
#pragma once

#include "simd.h"

namespace {

// acc[r][v] += sum over k < depth of a[r, k] * b[k, v]; a: rows `lda` apart; b: packed, V vectors for each k.
template <int R, int V>
BIGRU_INLINE void multiply(vf (&acc)[R][V], const float* a, long lda, const float* b, long depth) {
  for (long k = 0; k < depth; ++k, b += V * W) {
    vf column[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) column[v] = load(b + v * W);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const float x = a[r * lda + k];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) acc[r][v] += x * column[v];
    }
  }
}

// acc[r][v] += sum over k < depth of a[k, r] * b[k, v]; both with rows (k) apart by their stride.
template <int R, int V>
BIGRU_INLINE void multiply_transposed(vf (&acc)[R][V], const float* a, long lda, const float* b, long ldb, long depth) {
  for (long k = 0; k < depth; ++k, a += lda, b += ldb) {
    vf column[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) column[v] = load(b + v * W);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const float x = a[r];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) acc[r][v] += x * column[v];
    }
  }
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
