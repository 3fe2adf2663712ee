// The best path, (12) and (13) of docs/math/crf.md. Scores are kept less the greatest of the step before, so that
// rounding is that of the differences between paths, however long they are.
#pragma once

#include "vectors.h"

namespace {

using bigru::CrfBestTask;
using bigru::CrfScores;

inline int64_t column_floats(const CrfShape& s) { return 2 * s.K * s.S + 2 * s.S; }

// Transitions, their transpose, start and end in rows of S floats, -inf past K.
struct Columns {
  const float *step, *back, *start, *end;
  Columns(const CrfShape& s, const float* at)
      : step(at), back(at + s.K * s.S), start(at + 2 * s.K * s.S), end(start + s.S) {}
};

inline void crf_columns(const CrfShape& s, const CrfScores& scores, float* to) {
  for (int64_t i = 0; i < column_floats(s); ++i) to[i] = -kInfinity;
  const Columns at(s, to);
  for (int64_t i = 0; i < s.K; ++i)
    for (int64_t j = 0; j < s.K; ++j) {
      const float score = scores.transitions[i * s.K + j];
      to[i * s.S + j] = score;
      to[(s.K + j) * s.S + i] = score;
    }
  for (int64_t i = 0; i < s.K; ++i) {
    to[at.start - to + i] = scores.start[i];
    to[at.end - to + i] = scores.end[i];
  }
}

// best: [ROWS, T, S] of one tile's rows; peak: [ROWS].
struct BestTile {
  const CrfBestTask& task;
  const CrfShape s;
  const CrfRows rows;
  const Columns columns;
  float* best;
  float peak[ROWS];
  vi strange[ROWS];

  BestTile(const CrfBestTask& t, int64_t first)
      : task(t), s(t.shape), rows{smaller(ROWS, t.sequences.rows - first), t.sequences.row + first,
                                  t.sequences.length + first, nullptr},
        columns(t.shape, t.columns), best(t.scratch), peak{}, strange{} {}

  float* at(int64_t n, int64_t t) const { return best + (n * s.T + t) * s.S; }
  const float* emissions(int64_t n, int64_t t) const { return task.emissions + (rows.row[n] * s.T + t) * s.K; }
};

inline int64_t best_scratch_floats(const CrfShape& s) { return ROWS * s.T * s.S; }

BIGRU_INLINE float peak_from(vf most) {
  const float peak = greatest_lane(most);
  return peak == -kInfinity ? 0.0f : peak;
}

BIGRU_INLINE vf emission(BestTile& k, int64_t n, int64_t t, int64_t v) {
  const vf e = load_tags(k.emissions(n, t) + v * W, k.s.K - v * W, splat(-kInfinity));
  k.strange[n] |= ~(e < splat(kInfinity));
  return e;
}

inline void begin_best(BestTile& k) {
  for (int64_t n = 0; n < k.rows.rows; ++n) {
    vf most = splat(-kInfinity);
    for (int64_t v = 0; v < vectors(k.s); ++v) {
      const vf score = load(k.columns.start + v * W) + emission(k, n, 0, v);
      store(k.at(n, 0) + v * W, score);
      most = greater(score, most);
    }
    k.peak[n] = peak_from(most);
  }
}

template <int N, int V>
BIGRU_INLINE void maxima(vf (&acc)[N][V], const float* const (&left)[N], const float* matrix, const CrfShape& s) {
  for (int64_t i = 0; i < s.K; ++i, matrix += s.S) {
    vf column[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) column[v] = load(matrix + v * W);
#pragma GCC unroll 16
    for (int n = 0; n < N; ++n) {
      const vf x = splat(left[n][i]);
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) acc[n][v] = greater(x + column[v], acc[n][v]);
    }
  }
}

template <int N> BIGRU_INLINE void step_best(BestTile& k, int64_t t) {
  const float* from[N];
  vf most[N];
  for (int n = 0; n < N; ++n) {
    from[n] = k.at(n, t - 1);
    most[n] = splat(-kInfinity);
  }
  for_blocks(vectors(k.s), [&](int64_t first, auto width) {
    constexpr int V = decltype(width)::value;
    vf acc[N][V];
    for (int n = 0; n < N; ++n)
      for (int v = 0; v < V; ++v) acc[n][v] = splat(-kInfinity);
    maxima<N, V>(acc, from, k.columns.step + first * W, k.s);
    for (int n = 0; n < N; ++n)
      for (int v = 0; v < V; ++v) {
        const vf score = acc[n][v] + (emission(k, n, t, first + v) - k.peak[n]);
        store(k.at(n, t) + (first + v) * W, score);
        most[n] = greater(score, most[n]);
      }
  });
  for (int n = 0; n < N; ++n) k.peak[n] = peak_from(most[n]);
}

// The first tag of those with the greatest a + b.
inline int64_t first_greatest(const float* a, const float* b, const CrfShape& s) {
  vf most = splat(-kInfinity);
  vi which = {};
  vi lane;
  for (int i = 0; i < W; ++i) lane[i] = i;
  for (int64_t v = 0; v < s.K; v += W, lane += W) {
    const vf score = load(a + v) + load(b + v);
    const vi better = score > most;
    which = (better & lane) | (~better & which);
    most = select(better, score, most);
  }
  const float peak = greatest_lane(most);
  int64_t found = s.K;
  for (int i = 0; i < W; ++i)
    if (most[i] == peak && which[i] < found) found = which[i];
  return found < s.K ? found : 0;
}

inline void trace(const BestTile& k, int64_t n) {
  int64_t* path = k.task.paths + k.rows.row[n] * k.s.T;
  const float* onward = k.columns.end;
  for (int64_t t = k.rows.length[n] - 1; t >= 0; --t) {
    path[t] = first_greatest(k.at(n, t), onward, k.s);
    onward = k.columns.back + path[t] * k.s.S;
  }
}

inline void crf_best(const CrfBestTask& task) {
  for (int64_t first = 0; first < task.sequences.rows; first += ROWS) {
    BestTile k(task, first);
    begin_best(k);
    for_stretches(k.rows, [&](auto rows, int64_t from, int64_t until) {
      for (int64_t t = from; t < until; ++t) step_best<decltype(rows)::value>(k, t);
    });
    for (int64_t n = 0; n < k.rows.rows; ++n) {
      trace(k, n);
      task.strange[k.rows.row[n]] = any_lane(k.strange[n]);
    }
  }
}

}  // namespace
