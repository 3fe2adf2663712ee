// The gradient of the losses, (9) and (10) of docs/math/crf.md: what the model expects less what is true.
#pragma once

#include "vectors.h"

namespace {

using bigru::CrfGradientTask;

// One sequence of a task.
struct Kept {
  const float *begun, *onward, *tokens;
  const int64_t* tags;
  int64_t length;
  float weight;
  const float* d_steps;

  float true_weight(int64_t t) const { return d_steps ? d_steps[t] : weight; }
};

BIGRU_INLINE Kept kept_of(const CrfGradientTask& k, int64_t n) {
  const CrfRows& r = k.sequences;
  const int64_t at = r.place[n] * k.shape.T * k.shape.S;
  return {k.begun + at, k.onward + at, k.tokens + at, k.tags + r.row[n] * k.shape.T, r.length[n],
          k.d_steps ? 1.0f : k.d_losses[r.row[n]], k.d_steps ? k.d_steps + r.row[n] * k.shape.T : nullptr};
}

inline void write_emissions(const CrfGradientTask& k, const Kept& kept, float* to) {
  const CrfShape& s = k.shape;
  for (int64_t t = 0; t < kept.length; ++t, to += s.K) {
    for (int64_t v = 0; v < s.K; v += W) store_tags(to + v, load(kept.tokens + t * s.S + v) * kept.weight, s.K - v);
    const float expected = kept.tokens[t * s.S + kept.tags[t]];
    to[kept.tags[t]] = kept.d_steps ? expected - kept.d_steps[t] : (expected - 1.0f) * kept.weight;
  }
  for (int64_t i = 0; i < (s.T - kept.length) * s.K; ++i) to[i] = 0.0f;
}

inline void add_edge(const CrfShape& s, const Kept& kept, int64_t t, float* to) {
  for (int64_t v = 0; v < s.K; v += W) store(to + v, load(to + v) + load(kept.tokens + t * s.S + v) * kept.weight);
  to[kept.tags[t]] -= kept.true_weight(t);
}

// Rows [i, i + R) and V vectors of the sum over steps of begun_t-1 (x) onward_t, times the sequence's weight.
template <int R, int V> BIGRU_INLINE void add_pairs(const CrfShape& s, const Kept& kept, int64_t i, int64_t first, float* to) {
  vf acc[R][V] = {};
  const float *a = kept.begun + i, *b = kept.onward + s.S + first * W;
  for (int64_t t = 1; t < kept.length; ++t, a += s.S, b += s.S) {
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
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < V; ++v) {
      float* at = to + (i + r) * s.S + (first + v) * W;
      store(at, load(at) + acc[r][v] * kept.weight);
    }
}

inline void add_all_pairs(const CrfShape& s, const Kept& kept, float* to) {
  for_blocks(vectors(s), [&](int64_t first, auto width) {
    for (int64_t i = 0; i < s.K; i += ROWS)
      with_rows(smaller(ROWS, s.K - i), [&](auto rows) {
        add_pairs<decltype(rows)::value, decltype(width)::value>(s, kept, i, first, to);
      });
  });
}

inline void crf_gradient(const CrfGradientTask& k) {
  const CrfRows& r = k.sequences;
  for (int64_t n = 0; n < r.rows; ++n) {
    const Kept kept = kept_of(k, n);
    if (k.d_emissions) write_emissions(k, kept, k.d_emissions + r.row[n] * k.shape.T * k.shape.K);
    if (k.d_edges) {
      add_edge(k.shape, kept, 0, k.d_edges);
      add_edge(k.shape, kept, kept.length - 1, k.d_edges + k.shape.S);
    }
    if (k.pairs && !k.weak[r.row[n]]) add_all_pairs(k.shape, kept, k.pairs);
  }
}

}  // namespace
