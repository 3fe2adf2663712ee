// Where the rows of a task's steps lie in the caller's arrays, and copies of them gathered without gaps.
#pragma once

#include "../cpu/simd.h"
#include "kernels.h"

namespace {

using bigru::Layer;
using bigru::Walk;

BIGRU_INLINE int64_t units(const Layer& l) { return round_up(l.H, W); }

// Row strides of gathered matrices: whole vectors plus one, so that rows do not fall on the same cache sets.
BIGRU_INLINE int64_t padded(int64_t n) { return round_up(n, W) + 16; }

BIGRU_INLINE int64_t chunk_rows(const Walk& w) { return w.chunk > w.rows ? w.chunk : w.rows; }

// The index of a row at a step among the B * T.
BIGRU_INLINE int64_t position(const Layer& l, const Walk& w, int64_t row, int64_t step) {
  return w.row[row] * l.row_stride + (w.reverse ? w.length[row] - 1 - step : step) * l.step_stride;
}

BIGRU_INLINE void copy(float* to, const float* from, int64_t count) {
  int64_t i = 0;
  for (; i + W <= count; i += W) store(to + i, load(from + i));
  for (; i < count; ++i) to[i] = from[i];
}
BIGRU_INLINE void clear(float* to, int64_t count) {
  int64_t i = 0;
  for (; i + W <= count; i += W) store(to + i, vf{});
  for (; i < count; ++i) to[i] = 0.0f;
}

// The inputs of steps [from, until) as rows [N, stride]; columns past I are zero.
inline void gather_inputs(const Layer& l, const Walk& w, const float* x, int64_t from, int64_t until, float* to, int64_t stride) {
  for (int64_t s = from; s < until; ++s)
    for (int64_t row = 0; row < w.active[s]; ++row, to += stride) {
      copy(to, x + position(l, w, row, s) * l.I, l.I);
      clear(to + l.I, stride - l.I);
    }
}

// The states that steps [from, until) start from, read back from y and h0, as rows [N, stride]; zero past H.
inline void gather_states(const Layer& l, const Walk& w, const float* y, const float* h0, int64_t from, int64_t until,
                          float* to, int64_t stride) {
  for (int64_t s = from; s < until; ++s)
    for (int64_t row = 0; row < w.active[s]; ++row, to += stride) {
      const float* state = s > 0 ? y + position(l, w, row, s - 1) * l.D * l.H + w.direction * l.H
                                 : h0 ? h0 + w.row[row] * l.H : nullptr;
      if (state) copy(to, state, l.H);
      clear(to + (state ? l.H : 0), stride - (state ? l.H : 0));
    }
}

}  // namespace
