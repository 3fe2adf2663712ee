// The backward pass of one task. Only dh is sequential: step by step the gates' derivatives are found and multiplied
// by W_hh. dX and the weights' gradients follow as large products over a whole chunk of steps.
#pragma once

#include "forward.h"

namespace {

using bigru::BackwardTask;
using bigru::WeightGradients;

// Derivatives stand in this order: n r z meet W_ih and r z q meet W_hh, both without a gap.
enum { DN = 0, DR = 1, DZ = 2, DQ = 3 };

BIGRU_INLINE long gradient_stride(const Layer& l) { return SLOTS * units(l) + 16; }

// Parts of the packed weights: W_hh of r, z, n as panels [U, H], then W_ih of n, r, z as panels [U, I] each.
BIGRU_INLINE long packed_backward_floats(const Layer& l) { return 3 * units(l) * (units(l) + round_up(l.I, W)); }

// Panels of from[rows, columns] padded to whole vectors by zeros: panel after panel, [rows, width].
inline void pack_panels(const float* from, long rows, long padded_rows, long columns, float* to) {
  for_panels(round_up(columns, W) / W, [&](long v, auto width) {
    constexpr int n = decltype(width)::value * W;
    for (long k = 0; k < padded_rows; ++k, to += n) {
      const long count = k < rows ? smaller(n, columns - v * W) : 0;
      if (count > 0) copy(to, from + k * columns + v * W, count);
      clear(to + count, n - count);
    }
  });
}

inline void pack_backward(const Layer& l, const Weights& w, float* packed) {
  const int input_order[3] = {N, R, Z};
  for (int g = 0; g < 3; ++g)
    pack_panels(w.weight_hh + g * l.H * l.H, l.H, units(l), l.H, packed + g * units(l) * units(l));
  float* input = packed + 3 * units(l) * units(l);
  for (int g = 0; g < 3; ++g)
    pack_panels(w.weight_ih + input_order[g] * l.H * l.I, l.H, units(l), l.I, input + g * units(l) * round_up(l.I, W));
}

// The sums of one task: bias derivatives [4, U], W_ih's [n r z, U, I'], W_hh's [r z q, U, U].
struct WeightSums { long bias, input, recurrent, end; };
BIGRU_INLINE WeightSums weight_sums(const Layer& l) {
  WeightSums s;
  s.bias = 0;
  s.input = SLOTS * units(l);
  s.recurrent = s.input + 3 * units(l) * round_up(l.I, W);
  s.end = s.recurrent + 3 * units(l) * units(l);
  return s;
}
inline long weight_sum_floats(const Layer& l) { return weight_sums(l).end; }

// What a chunk of steps needs in scratch.
struct Chunk {
  float* x;       // [N, I'] inputs
  float* h;       // [N, U'] states before the steps
  float* reset;   // [N, U'] r * h, reset before the product only
  float* grads;   // [N, 4 U] derivatives of the gates' sums
  float* dh;      // [rows, U'] carried from step to step
  float* dreset;  // [rows, U'] derivative of r * h
  long x_stride, h_stride, g_stride;
};

inline long backward_scratch_floats(const Layer& l, const Walk& w) {
  const long chunk = chunk_rows(w);
  return chunk * (padded(l.I) + 2 * padded(units(l)) + gradient_stride(l)) + 2 * w.rows * padded(units(l));
}

inline Chunk lay_out(const BackwardTask& t) {
  const Layer& l = t.layer;
  const long n = chunk_rows(t.walk), state = padded(units(l));
  Chunk c;
  c.x_stride = padded(l.I);
  c.h_stride = state;
  c.g_stride = gradient_stride(l);
  c.x = t.scratch;
  c.h = c.x + n * c.x_stride;
  c.reset = c.h + n * state;
  c.grads = c.reset + n * state;
  c.dh = c.grads + n * c.g_stride;
  c.dreset = c.dh + t.walk.rows * state;
  return c;
}

// Row `row` of a step, row `at` of the chunk: derivatives of (1) to (4) but for what comes through the products.
// Leaves dh * z in dh. With the reset before the product, dr waits for U_n' dn (see finish_reset).
BIGRU_INLINE void gate_gradients(const BackwardTask& t, const Chunk& c, const float* gates, const float* dy, long at,
                                 long row) {
  const Layer& l = t.layer;
  float* grads = c.grads + at * c.g_stride;
  for (long unit = 0; unit < units(l); unit += W) {
    const float* g = gates + unit * SLOTS;
    const vf r = load(g + R * W), z = load(g + Z * W), n = load(g + N * W);
    const vf h = load(c.h + at * c.h_stride + unit);
    vf dh = load(c.dh + row * c.h_stride + unit);
    if (dy) dh += load_first(dy + unit, l.H - unit);
    const vf dn = dh * (1.0f - z) * (1.0f - n * n);
    const vf dz = dh * (h - n) * z * (1.0f - z);
    store(grads + DN * units(l) + unit, dn);
    store(grads + DZ * units(l) + unit, dz);
    store(c.dh + row * c.h_stride + unit, dh * z);
    if (l.reset_after) {
      store(grads + DR * units(l) + unit, dn * load(g + Q * W) * r * (1.0f - r));
      store(grads + DQ * units(l) + unit, dn * r);
    } else {
      store(grads + DQ * units(l) + unit, dn);
      store(c.reset + at * c.h_stride + unit, r * h);
    }
  }
}

// to[rows, units] += grads[rows, k] * panels, for `matrices` matrices [U, H] whose derivatives stand U apart.
inline void add_product(const Layer& l, const float* grads, long g_stride, const float* packed, int matrices, long rows,
                        float* to, long stride) {
  const long U = units(l);
  for_panels(U / W, [&](long v, auto width) {
    constexpr int V = decltype(width)::value;
    for_tiles(rows, [&](long row, auto count) {
      constexpr int n = decltype(count)::value;
      vf acc[n][V];
      float* out = to + row * stride + v * W;
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < V; ++j) acc[i][j] = load(out + i * stride + j * W);
      for (int m = 0; m < matrices; ++m)
        multiply(acc, grads + row * g_stride + m * U, g_stride, packed + m * U * U + v * W * U, l.H);
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < V; ++j) store(out + i * stride + j * W, acc[i][j]);
    });
  });
}

// Reset before the product: d(r h) = dn U_n gives dr, and r d(r h) goes to dh.
inline void finish_reset(const BackwardTask& t, const Chunk& c, const float* gates, long at, long rows) {
  const Layer& l = t.layer;
  clear(c.dreset, rows * c.h_stride);
  float* grads = c.grads + at * c.g_stride;
  add_product(l, grads + DN * units(l), c.g_stride, t.packed + 2 * units(l) * units(l), 1, rows, c.dreset, c.h_stride);
  for (long row = 0; row < rows; ++row)
    for (long unit = 0; unit < units(l); unit += W) {
      const vf r = load(gates + row * gate_floats(l.H) + unit * SLOTS + R * W);
      const vf d = load(c.dreset + row * c.h_stride + unit);
      const vf h = load(c.h + (at + row) * c.h_stride + unit);
      store(grads + row * c.g_stride + DR * units(l) + unit, d * h * r * (1.0f - r));
      float* dh = c.dh + row * c.h_stride + unit;
      store(dh, load(dh) + d * r);
    }
}

// The gates and dy of the step before, which comes next, were last touched long ago.
BIGRU_INLINE void prefetch_earlier(const BackwardTask& t, long step, long row) {
  if (step == 0) return;
  const Layer& l = t.layer;
  prefetch(t.gates + (t.walk.first[step - 1] + row) * gate_floats(l.H), gate_floats(l.H));
  if (t.dy) prefetch(t.dy + position(l, t.walk, row, step - 1) * l.D * l.H + t.walk.direction * l.H, l.H);
}

inline void step_backward(const BackwardTask& t, const Chunk& c, long step, long at) {
  const Layer& l = t.layer;
  const Walk& w = t.walk;
  const long rows = w.active[step];
  const float* gates = t.gates + w.first[step] * gate_floats(l.H);
  for (long row = w.active[step + 1]; row < rows; ++row)  // rows whose last step this is
    if (t.dh_n) copy(c.dh + row * c.h_stride, t.dh_n + w.row[row] * l.H, l.H);
  for (long row = 0; row < rows; ++row) {
    prefetch_earlier(t, step, row);
    const float* dy = t.dy ? t.dy + position(l, w, row, step) * l.D * l.H + w.direction * l.H : nullptr;
    gate_gradients(t, c, gates + row * gate_floats(l.H), dy, at + row, row);
  }
  if (!l.reset_after) finish_reset(t, c, gates, at, rows);
  if (step > 0 || t.dh0)
    add_product(l, c.grads + at * c.g_stride + DR * units(l), c.g_stride, t.packed, l.reset_after ? 3 : 2, rows, c.dh, c.h_stride);
}

// dx of a chunk = [dn dr dz] W_ih, written where the inputs came from.
inline void input_gradients(const BackwardTask& t, const Chunk& c, long from, long until) {
  const Layer& l = t.layer;
  const Walk& w = t.walk;
  const long U = units(l), width_in = round_up(l.I, W), rows = w.first[until] - w.first[from];
  const float* packed = t.packed + 3 * U * U;
  for_panels(width_in / W, [&](long v, auto width) {
    constexpr int V = decltype(width)::value;
    for_tiles(rows, [&](long row, auto count) {
      constexpr int n = decltype(count)::value;
      vf acc[n][V] = {};
      for (int m = 0; m < 3; ++m)
        multiply(acc, c.grads + row * c.g_stride + m * U, c.g_stride, packed + m * U * width_in + v * W * U, l.H);
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < V; ++j) store(c.x + (row + i) * c.x_stride + (v + j) * W, acc[i][j]);
    });
  });
  const float* out = c.x;
  for (long s = from; s < until; ++s)
    for (long row = 0; row < w.active[s]; ++row, out += c.x_stride) copy(t.dx + position(l, w, row, s) * l.I, out, l.I);
}

// sums[units, columns] += grads[N, units]' times values[N, columns].
inline void add_outer(const float* grads, long g_stride, const float* values, long v_stride, long rows, long height,
                      long columns, float* sums) {
  for_panels(columns / W, [&](long v, auto width) {
    constexpr int V = decltype(width)::value;
    for_tiles(height, [&](long unit, auto count) {
      constexpr int n = decltype(count)::value;
      vf acc[n][V];
      float* out = sums + unit * columns + v * W;
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < V; ++j) acc[i][j] = load(out + i * columns + j * W);
      multiply_transposed(acc, grads + unit, g_stride, values + v * W, v_stride, rows);
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < V; ++j) store(out + i * columns + j * W, acc[i][j]);
    });
  });
}

inline void weight_gradients(const BackwardTask& t, const Chunk& c, long rows) {
  const Layer& l = t.layer;
  const WeightSums s = weight_sums(l);
  const long U = units(l);
  for (long unit = 0; unit < SLOTS * U; unit += W) {
    vf sum = load(t.dw + s.bias + unit);
    for (long row = 0; row < rows; ++row) sum += load(c.grads + row * c.g_stride + unit);
    store(t.dw + s.bias + unit, sum);
  }
  add_outer(c.grads, c.g_stride, c.x, c.x_stride, rows, 3 * U, round_up(l.I, W), t.dw + s.input);
  const int gates_of_h = l.reset_after ? 3 : 2;
  add_outer(c.grads + DR * U, c.g_stride, c.h, c.h_stride, rows, gates_of_h * U, U, t.dw + s.recurrent);
  if (!l.reset_after)
    add_outer(c.grads + DQ * U, c.g_stride, c.reset, c.h_stride, rows, U, U, t.dw + s.recurrent + 2 * U * U);
}

inline void finish_states(const BackwardTask& t, const Chunk& c) {
  const Layer& l = t.layer;
  const Walk& w = t.walk;
  const long started = w.steps ? w.active[0] : 0;
  for (long row = 0; row < w.rows; ++row) {
    float* to = t.dh0 + w.row[row] * l.H;
    if (row < started) copy(to, c.dh + row * c.h_stride, l.H);
    else if (t.dh_n) copy(to, t.dh_n + w.row[row] * l.H, l.H);
    else clear(to, l.H);
  }
}

inline void backward(const BackwardTask& t) {
  const Layer& l = t.layer;
  const Walk& w = t.walk;
  const Chunk c = lay_out(t);
  const long chunk = chunk_rows(w);
  clear(c.dh, w.rows * c.h_stride);
  if (t.dw) clear(t.dw, weight_sum_floats(l));
  for (long until = w.steps, from; until > 0; until = from) {
    for (from = until - 1; from > 0 && w.first[until] - w.first[from - 1] <= chunk;) --from;
    gather_states(l, w, t.y, t.h0, from, until, c.h, c.h_stride);
    for (long s = until; s-- > from;) step_backward(t, c, s, w.first[s] - w.first[from]);
    if (t.dw) {
      gather_inputs(l, w, t.x, from, until, c.x, c.x_stride);
      weight_gradients(t, c, w.first[until] - w.first[from]);
    }
    if (t.dx) input_gradients(t, c, from, until);
  }
  if (t.dh0) finish_states(t, c);
}

// to[gates in torch's order, units] = sum over the tasks of their share.
inline void sum_gate(const Layer& l, const float* dw, long tasks, long part, long columns_padded, long columns, float* to) {
  const long size = weight_sum_floats(l);
  for (long unit = 0; unit < l.H; ++unit)
    for (long v = 0; v < columns; v += W) {
      const float* from = dw + part + unit * columns_padded + v;
      vf sum = load(from);
      for (long task = 1; task < tasks; ++task) sum += load(from + task * size);
      store_first(to + unit * columns + v, sum, columns - v);
    }
}

inline void sum_bias(const Layer& l, const float* dw, long tasks, int slot, float* to) {
  for (long unit = 0; unit < l.H; unit += W) {
    const float* from = dw + slot * units(l) + unit;
    vf sum = load(from);
    for (long task = 1; task < tasks; ++task) sum += load(from + task * weight_sum_floats(l));
    store_first(to + unit, sum, l.H - unit);
  }
}

inline void sum_weight_gradients(const Layer& l, const float* dw, long tasks, const WeightGradients& to) {
  const WeightSums s = weight_sums(l);
  const long U = units(l), width_in = round_up(l.I, W);
  const int input_slot[3] = {DR, DZ, DN}, recurrent_slot[3] = {DR, DZ, DQ};
  for (int g = 0; g < 3; ++g) {
    if (to.weight_ih) sum_gate(l, dw, tasks, s.input + input_slot[g] * U * width_in, width_in, l.I, to.weight_ih + g * l.H * l.I);
    if (to.weight_hh) sum_gate(l, dw, tasks, s.recurrent + g * U * U, U, l.H, to.weight_hh + g * l.H * l.H);
    if (to.bias_ih) sum_bias(l, dw, tasks, input_slot[g], to.bias_ih + g * l.H);
    if (to.bias_hh) sum_bias(l, dw, tasks, recurrent_slot[g], to.bias_hh + g * l.H);
  }
}

}  // namespace
