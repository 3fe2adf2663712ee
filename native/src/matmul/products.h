// Register tiles of the matrix products. The order of every sum is that of its index, whatever the tile's shape, so a
// row's result does not depend on the rows computed beside it.
#pragma once

#include "factors.h"

namespace {

template <class E> struct Rows {     // the left factor: rows of numbers
  const E* data;
  int64_t stride;                       // words
  const float* scale;                // per row, of Quad
};

template <class E> struct Panels {   // the right factor: packed panels, V vectors for each word of a row
  const E* data;
  int64_t apart;                        // words from a panel to the next
  const float* scale;                // of Quad: per panel V vectors of scales, then V of what the sums start from
};

// What a kernel on E holds while it runs: the tile unit, if its products are made by that.
struct NoScope { NoScope() {} };
template <class E> struct ScopeOf { typedef NoScope type; };
#if BIGRU_TILES
template <> struct ScopeOf<Pair> { typedef AmxScope type; };
template <> struct ScopeOf<Quad> { typedef AmxScope type; };
#endif
template <class E> using ProductScope = typename ScopeOf<E>::type;

// acc[p][r][v] += sum over k < depth of a[r, k] * b[p][k, v].
template <class E, class S, int P, int R, int V>
BIGRU_INLINE void multiply(S (&acc)[P][R][V], const E* a, int64_t lda, const E* b, int64_t apart, int64_t depth) {
  for (int64_t k = 0; k < depth; ++k, b += V * W)
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p)
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) multiply_add(acc[p][r][v], a + r * lda + k, b + p * apart + v * W);
}

// What is added to the sums of a tile of rows: their products with a panel.
template <class E> struct Product {
  typedef E number;
  Rows<E> a;
  Panels<E> b;
  int64_t depth;                        // words
  template <class F> BIGRU_INLINE void for_matrices(int64_t row, F f) const { f(a.data + row * a.stride, b.data); }

  // Into float sums; whole numbers are summed apart, exactly, and then scaled.
  template <int P, int R, int V> BIGRU_INLINE void add(vf (&sum)[P][R][V], int64_t row) const {
    if constexpr (!Number<E>::scaled) {
      multiply(sum, a.data + row * a.stride, a.stride, b.data, b.apart, depth);
    } else {
      vi acc[P][R][V];
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p)
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
          for (int v = 0; v < V; ++v) acc[p][r][v] = bits(load(b.scale + ((2 * p + 1) * V + v) * W));
      multiply(acc, a.data + row * a.stride, a.stride, b.data, b.apart, depth);
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p)
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
          for (int v = 0; v < V; ++v)
            sum[p][r][v] += __builtin_convertvector(acc[p][r][v], vf) * (a.scale[row + r] * load(b.scale + (2 * p * V + v) * W));
    }
  }
};

// The same for several matrices, whose parts of a row and whose panels follow one another.
template <class E> struct Products {
  typedef E number;
  Rows<E> a;
  Panels<E> b;
  int64_t depth;
  int matrices;
  int64_t next_a, next_b;               // words from a matrix's part to the next's
  template <class F> BIGRU_INLINE void for_matrices(int64_t row, F f) const {
    for (int m = 0; m < matrices; ++m) f(a.data + row * a.stride + m * next_a, b.data + m * next_b);
  }
  template <int P, int R, int V> BIGRU_INLINE void add(vf (&sum)[P][R][V], int64_t row) const {
    for_matrices(row, [&](auto left, auto right) { multiply(sum, left, a.stride, right, b.apart, depth); });
  }
};

// A matrix of `vectors` columns-of-W is cut into panels of at most three vectors: 3 3 .. 3, then 2, 2+2 or nothing
// (a lone 1 only when there is one vector): narrow tiles would leave the multipliers waiting for their own sums.
BIGRU_INLINE int panel_width(int64_t vectors_left) {
  return vectors_left == 4 || vectors_left == 2 ? 2 : vectors_left == 1 ? 1 : 3;
}

// Calls f(first vector, Constant<width>) for each panel.
template <class F> BIGRU_INLINE void for_panels(int64_t vectors, F f) {
  for (int64_t v = 0; v < vectors;) {
    const int width = panel_width(vectors - v);
    if (width == 3) f(v, Constant<3>{});
    else if (width == 2) f(v, Constant<2>{});
    else f(v, Constant<1>{});
    v += width;
  }
}

// Calls f(first row, Constant<rows>) for each tile of rows.
template <class F> BIGRU_INLINE void for_tiles(int64_t rows, F f) {
  for (int64_t row = 0; row < rows; row += ROWS) with_rows(smaller(ROWS, rows - row), [&](auto r) { f(row, r); });
}

#if BIGRU_TILES

// Calls f(Constant<v>) for each v < V.
template <int V, int v = 0, class F> BIGRU_INLINE void for_each(F f) {
  if constexpr (v < V) {
    f(Constant<v>{});
    for_each<V, v + 1>(f);
  }
}

template <class E, int C, int A, int B> BIGRU_INLINE void tile_add() {
  if constexpr (Number<E>::count == 2) tile_add_pairs<C, A, B>();
  else tile_add_quads<C, A, B>();
}

// Adds to the first V tiles the products of 16 rows with V tiles side by side, whose rows are `ldb` words apart.
template <int V, class E> BIGRU_INLINE void add_tiles(const E* a, int64_t lda, const E* b, int64_t ldb, int64_t depth) {
  for (int64_t k = 0; k < depth; k += TILE) {
    tile_load<TILE_A>(a + k, lda);
    for_each<V>([&](auto v) { tile_load<TILE_B + decltype(v)::value>(b + k * ldb + decltype(v)::value * W, ldb); });
    for_each<V>([](auto v) { tile_add<E, decltype(v)::value, TILE_A, TILE_B + decltype(v)::value>(); });
  }
}

// What the tile unit made of 16 rows of a product, some of which are added to the sums of a tile.
template <class E, int N> struct Made {
  const float* sums;                 // [16, N, W]
  int64_t first;                        // of the 16 rows
  const float* row_scale;            // of Quad, as the panel's scales and starts
  const float* scale;
  template <int R> BIGRU_INLINE void add(vf (&sum)[1][R][N], int64_t row) const {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < N; ++v) {
        const vf made = load(sums + ((row - first + r) * N + v) * W);
        if constexpr (!Number<E>::scaled) {
          sum[0][r][v] += made;
        } else {
          const vi whole = bits(made) + bits(load(scale + (N + v) * W));
          sum[0][r][v] += __builtin_convertvector(whole, vf) * (row_scale[row + r] * load(scale + v * W));
        }
      }
  }
};

template <int V, class P> BIGRU_INLINE void make_product(const P& p, int64_t row, float* sums) {
  for_each<V>([&](auto v) { tile_zero<decltype(v)::value>(); });
  p.for_matrices(row, [&](auto a, auto b) { add_tiles<V>(a, p.a.stride, b, V * W, p.depth); });
  for_each<V>([&](auto v) { tile_store<decltype(v)::value>(sums + decltype(v)::value * W, V * W); });
}

#endif

// Calls f(first row, Constant<rows>, part) for each tile of rows; part.add(acc, first row) adds their products, V vectors
// wide, to acc[1][rows][V].
template <int V, class P, class F> BIGRU_INLINE void for_products(int64_t rows, const P& product, F f) {
  typedef typename P::number E;
  if constexpr (!Number<E>::tiled) {
    for_tiles(rows, [&](int64_t row, auto n) { f(row, n, product); });
  } else {
#if BIGRU_TILES
    for (int64_t first = 0; first < rows; first += TILE) {
      alignas(64) float sums[TILE * V * W];
      make_product<V>(product, first, sums);
      const Made<E, V> made = {sums, first, product.a.scale, product.b.scale};
      for_tiles(smaller(TILE, rows - first), [&](int64_t row, auto n) { f(first + row, n, made); });
    }
#endif
  }
}

}  // namespace
