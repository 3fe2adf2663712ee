// What the CRF kernels share: vectors of tags that end in the middle, sums and maxima over lanes, and products.
#pragma once

#include "../cpu/vector_math.h"
#include "kernels.h"

namespace {

using bigru::CrfRows;
using bigru::CrfShape;

constexpr float kInfinity = __builtin_inff();

// The first `count` lanes of a step's tags; the others are `fill`. Nothing past them is read.
BIGRU_INLINE vf load_tags(const float* p, int64_t count, vf fill) {
  if (count >= W) return load(p);
#if defined(__x86_64__) && BIGRU_LANES == 16
  return (vf)_mm512_mask_loadu_ps((__m512)fill, static_cast<__mmask16>((1u << count) - 1), p);
#else
  float lanes[W];
  store(lanes, fill);
  for (int64_t i = 0; i < count; ++i) lanes[i] = p[i];
  return load(lanes);
#endif
}

BIGRU_INLINE void store_tags(float* p, vf v, int64_t count) {
#if defined(__x86_64__) && BIGRU_LANES == 16
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>(count >= W ? 0xffff : (1u << count) - 1), (__m512)v);
#else
  store_first(p, v, count);
#endif
}

BIGRU_INLINE vf greater(vf a, vf b) { return a > b ? a : b; }

// Folds the lanes in halves: the order depends on nothing but W.
typedef float vf4 __attribute__((vector_size(16), may_alias));
typedef float vf8 __attribute__((vector_size(32), may_alias));
template <class Op> BIGRU_INLINE float fold(vf4 v, Op op) { return op(op(v[0], v[2]), op(v[1], v[3])); }
#if BIGRU_LANES >= 8
template <class Op> BIGRU_INLINE float fold(vf8 v, Op op) {
  return fold(vf4(op(__builtin_shufflevector(v, v, 0, 1, 2, 3), __builtin_shufflevector(v, v, 4, 5, 6, 7))), op);
}
#endif
#if BIGRU_LANES == 16
template <class Op> BIGRU_INLINE float fold(vf v, Op op) {
  return fold(vf8(op(__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7),
                     __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15))), op);
}
#endif
BIGRU_INLINE float sum_lanes(vf v) {
  return fold(v, [](auto a, auto b) { return a + b; });
}
BIGRU_INLINE float greatest_lane(vf v) {
  return fold(v, [](auto a, auto b) { return a > b ? a : b; });
}

BIGRU_INLINE int32_t any_lane(vi mask) {
  int32_t any = 0;
  for (int i = 0; i < W; ++i) any |= mask[i];
  return any != 0;
}

BIGRU_INLINE int64_t vectors(const CrfShape& s) { return (s.K + W - 1) / W; }

// At most ROWS of a task's sequences, from number `first` on.
BIGRU_INLINE CrfRows tile_of(const CrfRows& r, int64_t first) {
  return {smaller(ROWS, r.rows - first), r.row + first, r.length + first, r.place ? r.place + first : nullptr};
}

// The scores of a chain, or what stands for them, in rows of S floats.
inline int64_t chain_floats(const CrfShape& s) { return 2 * s.K * s.S + 2 * s.S; }
struct Chain {
  const float* step;   // [K, S] from row to column
  const float* back;   // [K, S] its transpose
  const float* start;  // [S]
  const float* end;    // [S]
  Chain(const CrfShape& s, const float* at) : step(at), back(at + s.K * s.S), start(at + 2 * s.K * s.S), end(start + s.S) {}
};

// Both [K, S]; what lies past K in a row stays as it is.
inline void transpose(const float* from, float* to, const CrfShape& s) {
  for (int64_t i = 0; i < s.K; ++i)
    for (int64_t j = 0; j < s.K; ++j) to[j * s.S + i] = from[i * s.S + j];
}

// Calls join(acc[n][v], left[n][i], matrix[i, v]) for all i < K in their order; rows of the matrix are S floats apart.
template <int N, int V, class Join>
BIGRU_INLINE void join_rows(vf (&acc)[N][V], const float* const (&left)[N], const float* matrix, const CrfShape& s, Join join) {
  for (int64_t i = 0; i < s.K; ++i, matrix += s.S) {
    vf column[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) column[v] = load(matrix + v * W);
#pragma GCC unroll 16
    for (int n = 0; n < N; ++n) {
      const float x = left[n][i];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) join(acc[n][v], x, column[v]);
    }
  }
}

// acc[n][v] += sum over i < K of left[n][i] * matrix[i, v].
struct AddProduct {
  BIGRU_INLINE void operator()(vf& acc, float x, vf column) const { acc += x * column; }
};

// acc[n][v] = the greatest of it and of left[n][i] + matrix[i, v] over i < K.
struct GreatestSum {
  BIGRU_INLINE void operator()(vf& acc, float x, vf column) const { acc = greater(splat(x) + column, acc); }
};

// Calls f(first vector, Constant<width>) for pairs of vectors, and once for a last single one.
template <class F> BIGRU_INLINE void for_blocks(int64_t vectors, F f) {
  int64_t v = 0;
  for (; v + 2 <= vectors; v += 2) f(v, Constant<2>{});
  if (v < vectors) f(v, Constant<1>{});
}

// Calls f(rows as a constant, first step, last step) for stretches of steps in which the same rows are alive.
template <class F> BIGRU_INLINE void for_stretches(const CrfRows& r, F f) {
  int64_t t = 1;
  for (int64_t n = r.rows; n > 0; --n) {
    const int64_t until = r.length[n - 1];
    if (until > t) with_rows(n, [&](auto rows) { f(rows, t, until); });
    t = until > t ? until : t;
  }
}

// The greatest of a row of scores, 0 where all are -inf: what is subtracted before exp.
inline float peak_of(const float* scores, int64_t count) {
  vf most = splat(-kInfinity);
  for (int64_t i = 0; i < count; i += W) most = greater(load_tags(scores + i, count - i, splat(-kInfinity)), most);
  const float peak = greatest_lane(most);
  return peak == -kInfinity ? 0.0f : peak;
}

// exp(scores - peak) in whole vectors; zeros past count.
inline void odds_of(const float* scores, int64_t count, float peak, float* to) {
  for (int64_t i = 0; i < count; i += W)
    store(to + i, exp(load_tags(scores + i, count - i, splat(-kInfinity)) - peak));
}

}  // namespace
