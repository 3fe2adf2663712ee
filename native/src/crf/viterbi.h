// The best path, (12) and (13) of docs/math/crf.md. Scores are kept less the greatest of the step before, so that
// rounding is that of the differences between paths, however long they are.
#pragma once

#include "vectors.h"

namespace {

using bigru::CrfViterbiTask;
using bigru::CrfScores;

// The scores themselves as a chain, -inf past K.
inline void crf_pad_scores(const CrfShape& s, const CrfScores& scores, float* to) {
  for (int64_t i = 0; i < chain_floats(s); ++i) to[i] = -kInfinity;
  const Chain at(s, to);
  for (int64_t i = 0; i < s.K; ++i)
    for (int64_t j = 0; j < s.K; ++j) to[i * s.S + j] = scores.transitions[i * s.K + j];
  transpose(at.step, to + (at.back - to), s);
  for (int64_t i = 0; i < s.K; ++i) {
    to[at.start - to + i] = scores.start[i];
    to[at.end - to + i] = scores.end[i];
  }
}

struct ViterbiTile {
  const CrfViterbiTask& task;
  const CrfShape s;
  const CrfRows rows;
  const Chain scores;
  float* best;          // [ROWS, T, S] the best score of a path that ends in each tag, less the peak of the step before
  float peak[ROWS];     // the greatest of a row's last step
  vi non_finite[ROWS];  // lanes that have met NaN or +inf

  ViterbiTile(const CrfViterbiTask& t, int64_t first)
      : task(t), s(t.shape), rows(tile_of(t.sequences, first)), scores(t.shape, t.scores), best(t.scratch), peak{}, non_finite{} {}

  float* at(int64_t n, int64_t t) const { return best + (n * s.T + t) * s.S; }
  const float* emissions(int64_t n, int64_t t) const { return task.emissions + (rows.row[n] * s.T + t) * s.K; }
};

inline int64_t viterbi_scratch_floats(const CrfShape& s) { return ROWS * s.T * s.S; }

BIGRU_INLINE float peak_from(vf most) {
  const float peak = greatest_lane(most);
  return peak == -kInfinity ? 0.0f : peak;
}

BIGRU_INLINE vf emission(ViterbiTile& k, int64_t n, int64_t t, int64_t v) {
  const vf e = load_tags(k.emissions(n, t) + v * W, k.s.K - v * W, splat(-kInfinity));
  k.non_finite[n] |= ~(e < splat(kInfinity));
  return e;
}

inline void begin_viterbi(ViterbiTile& k) {
  for (int64_t n = 0; n < k.rows.rows; ++n) {
    vf most = splat(-kInfinity);
    for (int64_t v = 0; v < vectors(k.s); ++v) {
      const vf score = load(k.scores.start + v * W) + emission(k, n, 0, v);
      store(k.at(n, 0) + v * W, score);
      most = greater(score, most);
    }
    k.peak[n] = peak_from(most);
  }
}

template <int N> BIGRU_INLINE void step_viterbi(ViterbiTile& k, int64_t t) {
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
    join_rows<N, V>(acc, from, k.scores.step + first * W, k.s, GreatestSum{});
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

inline void trace(const ViterbiTile& k, int64_t n) {
  int64_t* path = k.task.paths + k.rows.row[n] * k.s.T;
  const float* onward = k.scores.end;
  for (int64_t t = k.rows.length[n] - 1; t >= 0; --t) {
    path[t] = first_greatest(k.at(n, t), onward, k.s);
    onward = k.scores.back + path[t] * k.s.S;
  }
}

inline void crf_viterbi(const CrfViterbiTask& task) {
  for (int64_t first = 0; first < task.sequences.rows; first += ROWS) {
    ViterbiTile k(task, first);
    begin_viterbi(k);
    for_stretches(k.rows, [&](auto rows, int64_t from, int64_t until) {
      for (int64_t t = from; t < until; ++t) step_viterbi<decltype(rows)::value>(k, t);
    });
    for (int64_t n = 0; n < k.rows.rows; ++n) {
      trace(k, n);
      task.non_finite[k.rows.row[n]] = any_lane(k.non_finite[n]);
    }
  }
}

}  // namespace
