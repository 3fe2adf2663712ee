// The gradient of the loss divided among the steps, (18) of docs/math/crf.md: what flows back through the backward scores.
//
// With d_t the weight of step t and P the posterior's chain, p(y_t+1 = j | y_t = i) = M_ij onward_t+1(j) / before_t(i):
//   tokens'_0 = d_0 tokens_0,   tokens'_t+1 = P_t+1 (tokens'_t + (d_t+1 - d_t) [y_t])
//   begun'_t  = (tokens'_t + (d_t+1 - d_t) [y_t]) / before_t,   before_t = tokens_t / begun_t
// Where all d are the same these are d tokens and d begun.
#pragma once

#include "posterior.h"

namespace {

using bigru::CrfAdjointTask;

struct AdjointTile {
  const CrfAdjointTask& task;
  const CrfShape s;
  const CrfRows rows;
  const Factors factors;

  AdjointTile(const CrfAdjointTask& t, int64_t first)
      : task(t), s(t.shape), rows(tile_of(t.sequences, first)), factors(t.shape, t.factors) {}

  int64_t at(int64_t n, int64_t t) const { return (rows.place[n] * s.T + t) * s.S; }
  float weight(int64_t n, int64_t t) const { return task.d_steps[rows.row[n] * s.T + t]; }
};

BIGRU_INLINE void over_before(const AdjointTile& k, int64_t at, int64_t v, vf adjoint) {
  const vf tokens = load(k.task.tokens + at + v * W);
  const vf share = adjoint / tokens * load(k.task.begun + at + v * W);
  store(k.task.weighted_begun + at + v * W, select(tokens > vf{}, share, vf{}));
}

// Adds what the step's own tag brings.
BIGRU_INLINE void add_source(const AdjointTile& k, int64_t n, int64_t t) {
  if (t + 1 >= k.rows.length[n]) return;
  const int64_t at = k.at(n, t) + k.task.tags[k.rows.row[n] * k.s.T + t];
  const float adjoint = k.task.weighted_tokens[at] + (k.weight(n, t + 1) - k.weight(n, t));
  if (k.task.tokens[at] > 0.0f) k.task.weighted_begun[at] = adjoint / k.task.tokens[at] * k.task.begun[at];
}

inline void begin_adjoints(const AdjointTile& k) {
  for (int64_t n = 0; n < k.rows.rows; ++n) {
    const int64_t at = k.at(n, 0);
    for (int64_t v = 0; v < vectors(k.s); ++v) {
      const vf tokens = load(k.task.tokens + at + v * W) * k.weight(n, 0);
      store(k.task.weighted_tokens + at + v * W, tokens);
      over_before(k, at, v, tokens);
    }
    add_source(k, n, 0);
  }
}

template <int N> BIGRU_INLINE void step_adjoints(const AdjointTile& k, int64_t t) {
  const float* from[N];
  for (int n = 0; n < N; ++n) from[n] = k.task.weighted_begun + k.at(n, t - 1);
  for_blocks(vectors(k.s), [&](int64_t first, auto width) {
    constexpr int V = decltype(width)::value;
    vf acc[N][V] = {};
    join_rows<N, V>(acc, from, k.factors.step + first * W, k.s, AddProduct{});
    for (int n = 0; n < N; ++n)
      for (int v = 0; v < V; ++v) {
        const int64_t at = k.at(n, t), place = first + v;
        const vf tokens = acc[n][v] * load(k.task.onward + at + place * W);
        store(k.task.weighted_tokens + at + place * W, tokens);
        over_before(k, at, place, tokens);
      }
  });
  for (int n = 0; n < N; ++n) add_source(k, n, t);
}

inline void crf_adjoints(const CrfAdjointTask& task) {
  for (int64_t first = 0; first < task.sequences.rows; first += ROWS) {
    const AdjointTile k(task, first);
    begin_adjoints(k);
    for_stretches(k.rows, [&](auto rows, int64_t from, int64_t until) {
      for (int64_t t = from; t < until; ++t) step_adjoints<decltype(rows)::value>(k, t);
    });
  }
}

}  // namespace
