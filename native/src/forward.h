// The forward pass of one task: its rows, one direction, all steps.
//
// A chunk of steps is projected first (x W_ih' + biases, one product for all of them); then each step adds the recurrent product and applies the gates while the sums are still in registers.
#pragma once

#include "tile.h"
#include "vmath.h"
#include "walk.h"

namespace {

using bigru::ForwardTask;
using bigru::Weights;

enum { R = 0, Z = 1, N = 2, Q = 3, SLOTS = 4 };  // q is the recurrent part of n, before the reset gate

// Parts of the packed weights: [U/W, I, 3, W], then [U/W, H, 3, W] (reset after the product) or [U/W, H, 2, W] for
// r, z and [U/W, H, W] for n (before), then the biases [U/W, 4, W].
struct PackedForward { long input, recurrent, candidate, bias, end; };

BIGRU_INLINE PackedForward packed_forward(const Layer& l) {
  PackedForward p;
  p.input = 0;
  p.recurrent = units(l) * 3 * l.I;
  p.candidate = p.recurrent + units(l) * 2 * l.H;
  p.bias = p.recurrent + units(l) * 3 * l.H;
  p.end = p.bias + units(l) * SLOTS;
  return p;
}

// to[block, k, gate, W] = from[gate * H + unit, k] for `gates` gates from `first_gate` on; zero past H.
inline void pack_gates(const float* from, long H, long depth, int first_gate, int gates, float* to) {
  for (long unit = 0; unit < round_up(H, W); ++unit)
    for (int g = 0; g < gates; ++g) {
      const float* row = from + ((first_gate + g) * H + unit) * depth;
      float* column = to + (unit / W) * W * gates * depth + g * W + unit % W;
      for (long k = 0; k < depth; ++k) column[k * gates * W] = unit < H ? row[k] : 0.0f;
    }
}

inline void pack_bias(const Layer& l, const Weights& w, float* to) {
  const auto at = [&](const float* bias, int gate, long unit) {
    return bias && unit < l.H ? bias[gate * l.H + unit] : 0.0f;
  };
  for (long unit = 0; unit < units(l); ++unit) {
    float* slot = to + unit / W * W * SLOTS + unit % W;
    slot[R * W] = at(w.bias_ih, R, unit) + at(w.bias_hh, R, unit);
    slot[Z * W] = at(w.bias_ih, Z, unit) + at(w.bias_hh, Z, unit);
    slot[N * W] = at(w.bias_ih, N, unit) + (l.reset_after ? 0.0f : at(w.bias_hh, N, unit));
    slot[Q * W] = l.reset_after ? at(w.bias_hh, N, unit) : 0.0f;
  }
}

inline void pack_forward(const Layer& l, const Weights& w, float* packed) {
  const PackedForward p = packed_forward(l);
  pack_gates(w.weight_ih, l.H, l.I, R, 3, packed + p.input);
  if (l.reset_after) {
    pack_gates(w.weight_hh, l.H, l.H, R, 3, packed + p.recurrent);
  } else {
    pack_gates(w.weight_hh, l.H, l.H, R, 2, packed + p.recurrent);
    pack_gates(w.weight_hh, l.H, l.H, N, 1, packed + p.candidate);
  }
  pack_bias(l, w, packed + p.bias);
}

// gates[row, block, r z n] = biases + x W_ih'
inline void project(const ForwardTask& t, const float* x, long stride, long rows, float* gates) {
  const Layer& l = t.layer;
  const PackedForward p = packed_forward(l);
  for (long unit = 0; unit < units(l); unit += W) {
    const float* weights = t.packed + p.input + unit * 3 * l.I;
    const float* bias = t.packed + p.bias + unit * SLOTS;
    for_tiles(rows, [&](long row, auto count) {
      constexpr int n = decltype(count)::value;
      vf acc[n][3];
      for (int i = 0; i < n; ++i)
        for (int g = 0; g < 3; ++g) acc[i][g] = load(bias + g * W);
      multiply(acc, x + row * stride, stride, weights, l.I);
      for (int i = 0; i < n; ++i)
        for (int g = 0; g < 3; ++g) store(gates + ((row + i) * units(l) + unit) * SLOTS + g * W, acc[i][g]);
    });
  }
}

// One step: what its inner loops need. Gates that are kept are written once, when they are final: the projection is
// overwritten chunk by chunk and stays in the cache.
struct Step {
  const ForwardTask& t;
  long step, rows;
  float* gates;        // of the step's first row: the projection
  float* kept;         // where its final gates go, or null
  const float* before; // states [rows, stride]
  float* after;
  float* reset;        // r * h, for the reset before the product
  long stride;
};

BIGRU_INLINE void finish(const Step& s, long row, long unit, float* y, vf z, vf n) {
  const Layer& l = s.t.layer;
  const vf h = load(s.before + row * s.stride + unit);
  const vf next = n + z * (h - n);
  store(s.after + row * s.stride + unit, next);
  store_first(y + unit, next, l.H - unit);
}

BIGRU_INLINE void keep(const Step& s, float* to, vf r, vf z, vf n, vf q) {
  if (s.t.stream_gates) {
    stream(to + R * W, r);
    stream(to + Z * W, z);
    stream(to + N * W, n);
    stream(to + Q * W, q);
  } else {
    store(to + R * W, r);
    store(to + Z * W, z);
    store(to + N * W, n);
    store(to + Q * W, q);
  }
}

BIGRU_INLINE float* output(const Step& s, long row) {
  const Layer& l = s.t.layer;
  return s.t.y + position(l, s.t.walk, row, s.step) * l.D * l.H + s.t.walk.direction * l.H;
}

// Equations (1) to (4) for n rows and `blocks` blocks of units, reset after the product. Several blocks at once keep
// the multipliers busy when the rows are few.
template <int rows, int blocks> BIGRU_INLINE void step_after(const Step& s, long row, long unit) {
  const Layer& l = s.t.layer;
  const PackedForward p = packed_forward(l);
  const float* weights = s.t.packed + p.recurrent + unit * 3 * l.H;
  const float* h = s.before + row * s.stride;
  vf acc[blocks][rows][3];
#pragma GCC unroll 16
  for (int b = 0; b < blocks; ++b)
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i) {
      const float* g = s.gates + ((row + i) * units(l) + unit + b * W) * SLOTS;
      acc[b][i][R] = load(g);
      acc[b][i][Z] = load(g + W);
      acc[b][i][N] = load(s.t.packed + p.bias + (unit + b * W) * SLOTS + Q * W);
    }
  const long panel = 3 * W * l.H;
  for (long k = 0; k < l.H; ++k, weights += 3 * W) {
#pragma GCC unroll 16
    for (int b = 0; b < blocks; ++b) {
      const vf wr = load(weights + b * panel), wz = load(weights + b * panel + W), wn = load(weights + b * panel + 2 * W);
#pragma GCC unroll 16
      for (int i = 0; i < rows; ++i) {
        const float x = h[i * s.stride + k];
        acc[b][i][R] += x * wr;
        acc[b][i][Z] += x * wz;
        acc[b][i][N] += x * wn;
      }
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i) {
    float* y = output(s, row + i);
#pragma GCC unroll 16
    for (int b = 0; b < blocks; ++b) {
      float* g = s.gates + ((row + i) * units(l) + unit + b * W) * SLOTS;
      const vf r = sigmoid(acc[b][i][R]), z = sigmoid(acc[b][i][Z]), q = acc[b][i][N];
      const vf n = tanh(load(g + N * W) + r * q);
      if (s.kept) keep(s, s.kept + ((row + i) * units(l) + unit + b * W) * SLOTS, r, z, n, q);
      finish(s, row + i, unit + b * W, y, z, n);
    }
  }
}

template <int rows> BIGRU_INLINE void step_after_all(const Step& s, long row) {
  constexpr int blocks = rows == 1 ? 4 : rows == 2 ? 2 : 1;
  long unit = 0;
  for (; unit + blocks * W <= units(s.t.layer); unit += blocks * W) step_after<rows, blocks>(s, row, unit);
  for (; unit < units(s.t.layer); unit += W) step_after<rows, 1>(s, row, unit);
}

// Reset before the product, first half: r, z and r * h.
template <int rows> BIGRU_INLINE void step_before_gates(const Step& s, long row, long unit) {
  const Layer& l = s.t.layer;
  vf acc[rows][2];
  for (int i = 0; i < rows; ++i)
    for (int g = 0; g < 2; ++g) acc[i][g] = load(s.gates + ((row + i) * units(l) + unit) * SLOTS + g * W);
  multiply(acc, s.before + row * s.stride, s.stride, s.t.packed + packed_forward(l).recurrent + unit * 2 * l.H, l.H);
  for (int i = 0; i < rows; ++i) {
    float* g = s.gates + ((row + i) * units(l) + unit) * SLOTS;
    const vf r = sigmoid(acc[i][R]);
    store(g + R * W, r);
    store(g + Z * W, sigmoid(acc[i][Z]));
    const long at = (row + i) * s.stride + unit;
    store(s.reset + at, r * load(s.before + at));
  }
}

// Second half: n from U_n (r * h), and the new state.
template <int rows> BIGRU_INLINE void step_before_candidate(const Step& s, long row, long unit) {
  const Layer& l = s.t.layer;
  vf acc[rows][1];
  for (int i = 0; i < rows; ++i) acc[i][0] = load(s.gates + ((row + i) * units(l) + unit) * SLOTS + N * W);
  multiply(acc, s.reset + row * s.stride, s.stride, s.t.packed + packed_forward(l).candidate + unit * l.H, l.H);
  for (int i = 0; i < rows; ++i) {
    float* g = s.gates + ((row + i) * units(l) + unit) * SLOTS;
    const vf n = tanh(acc[i][0]);
    const vf z = load(g + Z * W);
    if (s.kept) keep(s, s.kept + ((row + i) * units(l) + unit) * SLOTS, load(g + R * W), z, n, vf{});
    finish(s, row + i, unit, output(s, row + i), z, n);
  }
}

inline void run_step(const Step& s) {
  const long end = units(s.t.layer);
  if (s.t.layer.reset_after) {
    if (s.rows <= 2)
      with_rows(s.rows, [&](auto n) { step_after_all<decltype(n)::value>(s, 0); });
    else
      for (long unit = 0; unit < end; unit += W)
        for_tiles(s.rows, [&](long row, auto n) { step_after<decltype(n)::value, 1>(s, row, unit); });
    return;
  }
  for (long unit = 0; unit < end; unit += W)
    for_tiles(s.rows, [&](long row, auto n) { step_before_gates<decltype(n)::value>(s, row, unit); });
  for (long unit = 0; unit < end; unit += W)
    for_tiles(s.rows, [&](long row, auto n) { step_before_candidate<decltype(n)::value>(s, row, unit); });
}

inline long gate_floats(long H) { return round_up(H, W) * SLOTS; }

inline long forward_scratch_floats(const Layer& l, const Walk& w) {
  const long chunk = chunk_rows(w);
  return chunk * (padded(l.I) + gate_floats(l.H)) + 3 * w.rows * padded(units(l));
}

inline void start_states(const ForwardTask& t, float* state, long stride) {
  const Layer& l = t.layer;
  for (long row = 0; row < t.walk.rows; ++row) {
    float* to = state + row * stride;
    clear(to, stride);
    if (t.h0) copy(to, t.h0 + t.walk.row[row] * l.H, l.H);
  }
}

inline void save_last(const ForwardTask& t, const float* state, long stride, long from, long until) {
  for (long row = from; row < until; ++row)
    copy(t.h_n + t.walk.row[row] * t.layer.H, state + row * stride, t.layer.H);
}

inline void forward(const ForwardTask& t) {
  const Layer& l = t.layer;
  const Walk& w = t.walk;
  const long stride = padded(units(l)), chunk = chunk_rows(w), in_stride = padded(l.I);
  float* x = t.scratch;
  float* before = x + chunk * in_stride;
  float* after = before + w.rows * stride;
  float* reset = after + w.rows * stride;
  float* gates = reset + w.rows * stride;
  start_states(t, before, stride);
  clear(after, w.rows * stride);
  save_last(t, before, stride, w.steps ? w.active[0] : 0, w.rows);  // rows of length 0
  for (long from = 0, until; from < w.steps; from = until) {
    for (until = from + 1; until < w.steps && w.first[until + 1] - w.first[from] <= chunk;) ++until;
    gather_inputs(l, w, t.x, from, until, x, in_stride);
    project(t, x, in_stride, w.first[until] - w.first[from], gates);
    for (long s = from; s < until; ++s) {
      float* kept = t.gates ? t.gates + w.first[s] * gate_floats(l.H) : nullptr;
      run_step({t, s, w.active[s], gates + (w.first[s] - w.first[from]) * gate_floats(l.H), kept, before, after, reset, stride});
      save_last(t, after, stride, w.active[s + 1], w.active[s]);
      float* swap = before;
      before = after;
      after = swap;
    }
  }
  if (t.stream_gates) fence();
}

}  // namespace
