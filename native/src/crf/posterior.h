// Forward and backward on probabilities, (11) of docs/math/crf.md: log Z, marginals, and what the gradient of the
// transitions is made of.
//
// With c_t = sum begun_t, M = exp(A - max A) and x_t = exp(e_t - max e_t):
//   begun_t  = (begun_t-1 M) * x_t / c_t-1                 sums to c_t; begun_t / c_t are the forward probabilities
//   before_t = M onward_t+1                                a backward score over c_t, so that tokens_t sum to 1
//   tokens_t = begun_t * before_t,   onward_t = x_t * before_t / c_t-1
// All factors are at most 1 but `before`: where it stays below kLimit, what underflow drops is nothing beside what
// counts, and where it does not, the sequence is called weak.
#pragma once

#include "vectors.h"

namespace {

using bigru::CrfPosteriorTask;
using bigru::CrfScores;

constexpr float kLimit = 1e24f;
constexpr int64_t kCorrect = 8;  // steps between two corrections of the sums of tokens, which rounding lets drift

inline int64_t factor_floats(const CrfShape& s) { return chain_floats(s) + 16; }

// The chain M, start and end of (11), zero past K.
struct Factors : Chain {
  const float* peaks;  // [3] what was subtracted from transitions, start and end before exp
  Factors(const CrfShape& s, const float* at) : Chain(s, at), peaks(end + s.S) {}
};

inline void clear_floats(float* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] = 0.0f;
}

inline void crf_factors(const CrfShape& s, const CrfScores& scores, float* to) {
  clear_floats(to, factor_floats(s));
  const Factors at(s, to);
  float* peaks = to + (at.peaks - to);
  peaks[0] = peak_of(scores.transitions, s.K * s.K);
  peaks[1] = peak_of(scores.start, s.K);
  peaks[2] = peak_of(scores.end, s.K);
  for (int64_t i = 0; i < s.K; ++i) odds_of(scores.transitions + i * s.K, s.K, peaks[0], to + i * s.S);
  transpose(at.step, to + (at.back - to), s);
  odds_of(scores.start, s.K, peaks[1], to + (at.start - to));
  odds_of(scores.end, s.K, peaks[2], to + (at.end - to));
}

// A tile of at most ROWS sequences, and for each step the c and 1 / c of its rows.
struct Tile {
  const CrfPosteriorTask& task;
  const CrfShape s;
  const CrfRows rows;
  const Factors factors;
  float *c, *inverse;  // [ROWS, T]
  vi bad[ROWS];
  double peaks[ROWS];

  Tile(const CrfPosteriorTask& t, int64_t first)
      : task(t), s(t.shape), rows(tile_of(t.sequences, first)), factors(t.shape, t.factors), c(t.scratch), inverse(t.scratch + ROWS * t.shape.T), bad{}, peaks{} {}

  float* at(float* kept, int64_t n, int64_t t) const { return kept + (rows.place[n] * s.T + t) * s.S; }
};

inline int64_t posterior_scratch_floats(const CrfShape& s) { return 2 * ROWS * s.T; }

// Leaves x in `onward`, whose entries replace it on the way back.
inline void read_emissions(Tile& k) {
  for (int64_t n = 0; n < k.rows.rows; ++n)
    for (int64_t t = 0; t < k.rows.length[n]; ++t) {
      const float* e = k.task.emissions + (k.rows.row[n] * k.s.T + t) * k.s.K;
      const float peak = peak_of(e, k.s.K);
      odds_of(e, k.s.K, peak, k.at(k.task.onward, n, t));
      k.peaks[n] += peak;
    }
}

BIGRU_INLINE void note_sum(Tile& k, int64_t n, int64_t t, vf sum) {
  const float c = sum_lanes(sum);
  k.c[n * k.s.T + t] = c;
  k.inverse[n * k.s.T + t] = 1.0f / c;
}

inline void begin_rows(Tile& k) {
  for (int64_t n = 0; n < k.rows.rows; ++n) {
    const float* x = k.at(k.task.onward, n, 0);
    float* to = k.at(k.task.begun, n, 0);
    vf sum = {};
    for (int64_t v = 0; v < vectors(k.s); ++v) {
      const vf a = load(k.factors.start + v * W) * load(x + v * W);
      store(to + v * W, a);
      sum += a;
    }
    note_sum(k, n, 0, sum);
  }
}

template <int N> BIGRU_INLINE void step_forward(Tile& k, int64_t t) {
  const float* from[N];
  const float* x[N];
  float* to[N];
  vf scale[N], sum[N];
  for (int n = 0; n < N; ++n) {
    to[n] = k.at(k.task.begun, n, t);
    from[n] = to[n] - k.s.S;
    x[n] = k.at(k.task.onward, n, t);
    scale[n] = splat(k.inverse[n * k.s.T + t - 1]);
    sum[n] = vf{};
  }
  for_blocks(vectors(k.s), [&](int64_t first, auto width) {
    constexpr int V = decltype(width)::value;
    vf acc[N][V] = {};
    join_rows<N, V>(acc, from, k.factors.step + first * W, k.s, AddProduct{});
    for (int n = 0; n < N; ++n)
      for (int v = 0; v < V; ++v) {
        const vf a = acc[n][v] * (load(x[n] + (first + v) * W) * scale[n]);
        store(to[n] + (first + v) * W, a);
        sum[n] += a;
      }
  });
  for (int n = 0; n < N; ++n) note_sum(k, n, t, sum[n]);
}

inline void walk_forward(Tile& k) {
  begin_rows(k);
  for_stretches(k.rows, [&](auto rows, int64_t from, int64_t until) {
    for (int64_t t = from; t < until; ++t) step_forward<decltype(rows)::value>(k, t);
  });
}

// Brings the sum of a step's marginals back to 1.
BIGRU_INLINE void correct(Tile& k, int64_t n, int64_t t, vf sum) {
  const vf share = splat(1.0f / sum_lanes(sum));
  float *tokens = k.at(k.task.tokens, n, t), *onward = k.at(k.task.onward, n, t);
  for (int64_t v = 0; v < vectors(k.s); ++v) {
    store(tokens + v * W, load(tokens + v * W) * share);
    if (t > 0) store(onward + v * W, load(onward + v * W) * share);
  }
}

// Given `before` at one vector of tags, writes tokens and onward there.
BIGRU_INLINE vf use(Tile& k, int64_t n, int64_t t, int64_t v, vf before, vf scale) {
  const vf tokens = load(k.at(k.task.begun, n, t) + v * W) * before;
  store(k.at(k.task.tokens, n, t) + v * W, tokens);
  k.bad[n] |= ~(before <= splat(kLimit));
  if (t > 0) {
    float* onward = k.at(k.task.onward, n, t) + v * W;
    store(onward, load(onward) * before * scale);
  }
  return tokens;
}

BIGRU_INLINE vf scale_back(const Tile& k, int64_t n, int64_t t) { return splat(t > 0 ? k.inverse[n * k.s.T + t - 1] : 1.0f); }

// The last step of row n, and its log Z.
inline void end_row(Tile& k, int64_t n) {
  const int64_t last = k.rows.length[n] - 1;
  const float* begun = k.at(k.task.begun, n, last);
  vf sum = {};
  for (int64_t v = 0; v < vectors(k.s); ++v) sum += load(begun + v * W) * load(k.factors.end + v * W);
  const float total = sum_lanes(sum);
  float* c = k.c + n * k.s.T;
  c[last] = total;  // the last c has no part in log Z, the ending has
  vf tokens = {};
  for (int64_t v = 0; v < vectors(k.s); ++v)
    tokens += use(k, n, last, v, load(k.factors.end + v * W) * (1.0f / total), scale_back(k, n, last));
  correct(k, n, last, tokens);
  double log_z = k.peaks[n] + k.factors.peaks[1] + k.factors.peaks[2] + static_cast<double>(last) * k.factors.peaks[0];
  for (int64_t t = 0; t <= last; t += W) store_first(c + t, log(load_first(c + t, last + 1 - t)), last + 1 - t);
  for (int64_t t = 0; t <= last; ++t) log_z += c[t];
  k.task.log_z[k.rows.row[n]] = log_z;
}

template <int N> BIGRU_INLINE void step_back(Tile& k, int64_t t) {
  const float* from[N];
  vf scale[N], sum[N];
  for (int n = 0; n < N; ++n) {
    from[n] = k.at(k.task.onward, n, t + 1);
    scale[n] = scale_back(k, n, t);
    sum[n] = vf{};
  }
  for_blocks(vectors(k.s), [&](int64_t first, auto width) {
    constexpr int V = decltype(width)::value;
    vf acc[N][V] = {};
    join_rows<N, V>(acc, from, k.factors.back + first * W, k.s, AddProduct{});
    for (int n = 0; n < N; ++n)
      for (int v = 0; v < V; ++v) sum[n] += use(k, n, t, first + v, acc[n][v], scale[n]);
  });
  if (t % kCorrect == 0)
    for (int n = 0; n < N; ++n) correct(k, n, t, sum[n]);
}

inline void walk_back(Tile& k) {
  for (int64_t n = 0; n < k.rows.rows; ++n) {
    end_row(k, n);
    const int64_t until = n + 1 < k.rows.rows ? k.rows.length[n + 1] - 1 : 0;
    with_rows(n + 1, [&](auto rows) {
      for (int64_t t = k.rows.length[n] - 2; t >= until; --t) step_back<decltype(rows)::value>(k, t);
    });
  }
}

inline void crf_posterior(const CrfPosteriorTask& task) {
  for (int64_t first = 0; first < task.sequences.rows; first += ROWS) {
    Tile k(task, first);
    read_emissions(k);
    walk_forward(k);
    walk_back(k);
    for (int64_t n = 0; n < k.rows.rows; ++n) task.weak[k.rows.row[n]] = any_lane(k.bad[n]);
  }
}

}  // namespace
