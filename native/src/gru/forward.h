// The forward pass of one task: its rows, one direction, all steps.
//
// A chunk of steps is projected first (x W_ih' + biases, one product for all of them); then each step adds the
// recurrent product and applies the gates while the sums are still in registers. E says what the products' factors are
// stored as; states, sums and gates are float.
#pragma once

#include "../cpu/vector_math.h"
#include "pack.h"

namespace {

using bigru::ForwardTask;
using bigru::gate_floats;
using bigru::kGateBlock;

// Words that `narrow` writes for a row of n numbers.
template <class E> BIGRU_INLINE int64_t whole_words(int64_t n) { return words<E>(round_up(n, W)); }

template <class E> struct Matrix {  // scratch for the rows of a left factor; unused where they are float already
  E* data;
  float* scales;
  int64_t stride;
};

// Rows of `width` words and one line more, so that rows do not fall on the same cache sets. Tiles read whole tiles of
// rows, from any row on.
template <class E> BIGRU_INLINE int64_t matrix_floats(int64_t rows, int64_t width) {
  const int64_t read = Number<E>::tiled ? rows + TILE - 1 : rows;
  return Number<E>::count == 1 ? 0 : round_up(rows, 16) + round_up(read * (width + 16), 16);
}
template <class E> BIGRU_INLINE Matrix<E> matrix(float* memory, int64_t rows, int64_t width) {
  return {(E*)(memory + round_up(rows, 16)), memory, width + 16};
}

// `rows` rows of float, whose columns from `count` to the next whole vector are zero, as a left factor.
template <class E>
BIGRU_INLINE Rows<E> as_rows(const float* from, int64_t stride, int64_t rows, int64_t count, const Matrix<E>& to) {
  if constexpr (Number<E>::count == 1) {
    return {from, stride, nullptr};
  } else {
    narrow(from, stride, rows, count, to.data, to.stride, to.scales);
    return {to.data, to.stride, to.scales};
  }
}

// Where the kept r of units [unit, unit + W) begins among those of its (step, row); z, n and q follow kGateBlock floats apart.
BIGRU_INLINE int64_t kept_at(int64_t unit) {
  return W == kGateBlock ? unit * SLOTS : unit / kGateBlock * kGateBlock * SLOTS + unit % kGateBlock;
}

// gates[row, block, r z n] = biases + x W_ih'
template <class E> inline void project(const ForwardTask& t, const Rows<E>& x, int64_t rows, float* gates) {
  const Layer& l = t.layer;
  const PackedForward p = packed_forward<E>(l);
  for (int64_t unit = 0; unit < units(l); unit += W) {
    const Product<E> product = {x, panels<E>(t.packed, p.input, p.input_scale, 3, l.I, unit), words<E>(l.I)};
    const float* bias = t.packed + p.bias + unit * SLOTS;  // [4, W]
    for_products<3>(rows, product, [&](int64_t row, auto count, const auto& part) {
      constexpr int n = decltype(count)::value;
      vf acc[1][n][3];
      for (int i = 0; i < n; ++i)
        for (int g = 0; g < 3; ++g) acc[0][i][g] = load(bias + g * W);
      part.add(acc, row);
      for (int i = 0; i < n; ++i)
        for (int g = 0; g < 3; ++g) store(gates + ((row + i) * units(l) + unit) * SLOTS + g * W, acc[0][i][g]);
    });
  }
}

// One step: what its inner loops need. Gates that are kept are written once, when they are final: the projection is
// overwritten chunk by chunk and stays in the cache.
struct Step {
  const ForwardTask& t;
  int64_t step, rows;
  const float* bias;   // [U/W, 4, W]
  float* gates;        // of the step's first row: the projection
  float* kept;         // where its final gates go, or null
  const float* before; // states [rows, stride]
  float* after;
  float* reset;        // r * h, for the reset before the product
  int64_t stride;
};

BIGRU_INLINE void finish(const Step& s, int64_t row, int64_t unit, float* y, vf z, vf n) {
  const Layer& l = s.t.layer;
  const vf h = load(s.before + row * s.stride + unit);
  const vf next = n + z * (h - n);
  store(s.after + row * s.stride + unit, next);
  store_first(y + unit, next, l.H - unit);
}

BIGRU_INLINE void keep(const Step& s, int64_t row, int64_t unit, vf r, vf z, vf n, vf q) {
  float* to = s.kept + row * gate_floats(s.t.layer.H) + kept_at(unit);  // [4, kGateBlock]
  if (s.t.stream_gates) {
    stream(to + R * kGateBlock, r);
    stream(to + Z * kGateBlock, z);
    stream(to + N * kGateBlock, n);
    stream(to + Q * kGateBlock, q);
  } else {
    store(to + R * kGateBlock, r);
    store(to + Z * kGateBlock, z);
    store(to + N * kGateBlock, n);
    store(to + Q * kGateBlock, q);
  }
}

// Zeros for the units behind those of this set that wider vectors would read.
BIGRU_INLINE void clear_kept_past(const Layer& l, float* kept, int64_t rows) {
  if constexpr (W < kGateBlock)
    for (int64_t row = 0; row < rows; ++row, kept += gate_floats(l.H))
      for (int64_t unit = units(l); unit % kGateBlock != 0; unit += W)
        for (int slot = 0; slot < SLOTS; ++slot) store(kept + kept_at(unit) + slot * kGateBlock, vf{});
}

BIGRU_INLINE float* output(const Step& s, int64_t row) {
  const Layer& l = s.t.layer;
  return s.t.y + position(l, s.t.walk, row, s.step) * l.D * l.H + s.t.walk.direction * l.H;
}

// Gate by gate, not row by row: a tanh that waits for its own r would leave the processor nothing else to begin.
template <int P, int rows, int G> BIGRU_INLINE void apply_sigmoid(vf (&sum)[P][rows][G], int gate) {
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 16
    for (int b = 0; b < P; ++b) sum[b][i][gate] = sigmoid(sum[b][i][gate]);
}

// Equations (1) to (4) for n rows and `blocks` blocks of units, reset after the product.
template <int rows, int blocks, class Part>
BIGRU_INLINE void step_after(const Step& s, const Part& part, int64_t row, int64_t unit) {
  const Layer& l = s.t.layer;
  vf acc[blocks][rows][3];
#pragma GCC unroll 16
  for (int b = 0; b < blocks; ++b)
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i) {
      const float* g = s.gates + ((row + i) * units(l) + unit + b * W) * SLOTS;
      acc[b][i][R] = load(g);
      acc[b][i][Z] = load(g + W);
      acc[b][i][N] = load(s.bias + (unit + b * W) * SLOTS + Q * W);
    }
  part.add(acc, row);
  apply_sigmoid(acc, R);
  apply_sigmoid(acc, Z);
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i) {
    float* y = output(s, row + i);
#pragma GCC unroll 16
    for (int b = 0; b < blocks; ++b) {
      float* g = s.gates + ((row + i) * units(l) + unit + b * W) * SLOTS;
      const vf r = acc[b][i][R], z = acc[b][i][Z], q = acc[b][i][N];
      const vf n = tanh(load(g + N * W) + r * q);
      if (s.kept) keep(s, row + i, unit + b * W, r, z, n, q);
      finish(s, row + i, unit + b * W, y, z, n);
    }
  }
}

// Reset before the product, first half: r, z and r * h.
template <int rows, int blocks, class Part>
BIGRU_INLINE void step_before_gates(const Step& s, const Part& part, int64_t row, int64_t unit) {
  const Layer& l = s.t.layer;
  const auto gates = [&](int b, int i) { return s.gates + ((row + i) * units(l) + unit + b * W) * SLOTS; };
  vf acc[blocks][rows][2];
#pragma GCC unroll 16
  for (int b = 0; b < blocks; ++b)
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i)
      for (int g = 0; g < 2; ++g) acc[b][i][g] = load(gates(b, i) + g * W);
  part.add(acc, row);
#pragma GCC unroll 16
  for (int b = 0; b < blocks; ++b)
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i) {
      float* g = gates(b, i);
      const vf r = sigmoid(acc[b][i][R]);
      store(g + R * W, r);
      store(g + Z * W, sigmoid(acc[b][i][Z]));
      const int64_t at = (row + i) * s.stride + unit + b * W;
      store(s.reset + at, r * load(s.before + at));
    }
}

// Second half: n from U_n (r * h), and the new state.
template <int rows, int blocks, class Part>
BIGRU_INLINE void step_before_candidate(const Step& s, const Part& part, int64_t row, int64_t unit) {
  const Layer& l = s.t.layer;
  const auto place = [&](int b, int i) { return ((row + i) * units(l) + unit + b * W) * SLOTS; };
  vf acc[blocks][rows][1];
#pragma GCC unroll 16
  for (int b = 0; b < blocks; ++b)
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i) acc[b][i][0] = load(s.gates + place(b, i) + N * W);
  part.add(acc, row);
#pragma GCC unroll 16
  for (int b = 0; b < blocks; ++b)
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i) {
      float* g = s.gates + place(b, i);
      const vf n = tanh(acc[b][i][0]);
      const vf z = load(g + Z * W);
      if (s.kept) keep(s, row + i, unit + b * W, load(g + R * W), z, n, vf{});
      finish(s, row + i, unit + b * W, output(s, row + i), z, n);
    }
}

// Calls f(part, row, unit, Constant<rows>, Constant<blocks>) for all rows and units, V gates at once, whose product for
// the units from `unit` on is product(unit). Several blocks at once keep the multipliers busy when the rows are few.
template <class E, int V, class P, class F> BIGRU_INLINE void for_gates(int64_t rows, int64_t units, P product, F f) {
  int64_t unit = 0;
  if constexpr (!Number<E>::tiled)
    if (rows <= 2) with_rows<2>(rows, [&](auto n) {
      constexpr int blocks = 4 / decltype(n)::value;
      for (; unit + blocks * W <= units; unit += blocks * W) f(product(unit), 0, unit, n, Constant<blocks>{});
    });
  for (; unit < units; unit += W)
    for_products<V>(rows, product(unit), [&](int64_t row, auto n, const auto& part) { f(part, row, unit, n, Constant<1>{}); });
}

template <class E> inline void run_step(const Step& s, const Matrix<E>& factor) {
  const Layer& l = s.t.layer;
  const PackedForward p = packed_forward<E>(l);
  const Rows<E> h = as_rows(s.before, s.stride, s.rows, l.H, factor);
  const auto recurrent = [&](int64_t unit) {
    return Product<E>{h, panels<E>(s.t.packed, p.recurrent, p.recurrent_scale, joined(l), l.H, unit), words<E>(l.H)};
  };
  if (l.reset_after)
    return for_gates<E, 3>(s.rows, units(l), recurrent, [&](const auto& part, int64_t row, int64_t unit, auto n, auto blocks) {
      step_after<decltype(n)::value, decltype(blocks)::value>(s, part, row, unit);
    });
  for_gates<E, 2>(s.rows, units(l), recurrent, [&](const auto& part, int64_t row, int64_t unit, auto n, auto blocks) {
    step_before_gates<decltype(n)::value, decltype(blocks)::value>(s, part, row, unit);
  });
  const Rows<E> reset = as_rows(s.reset, s.stride, s.rows, l.H, factor);
  const auto candidate = [&](int64_t unit) {
    return Product<E>{reset, panels<E>(s.t.packed, p.candidate, p.candidate_scale, 1, l.H, unit), words<E>(l.H)};
  };
  for_gates<E, 1>(s.rows, units(l), candidate, [&](const auto& part, int64_t row, int64_t unit, auto n, auto blocks) {
    step_before_candidate<decltype(n)::value, decltype(blocks)::value>(s, part, row, unit);
  });
}

template <class E> inline int64_t forward_scratch_floats(const Layer& l, const Walk& w) {
  const int64_t chunk = chunk_rows(w);
  return chunk * (padded(l.I) + units(l) * SLOTS) + 3 * w.rows * padded(units(l)) +
         matrix_floats<E>(chunk, whole_words<E>(l.I)) + matrix_floats<E>(w.rows, whole_words<E>(l.H));
}

inline void start_states(const ForwardTask& t, float* state, int64_t stride) {
  const Layer& l = t.layer;
  for (int64_t row = 0; row < t.walk.rows; ++row) {
    float* to = state + row * stride;
    clear(to, stride);
    if (t.h0) copy(to, t.h0 + t.walk.row[row] * l.H, l.H);
  }
}

inline void save_last(const ForwardTask& t, const float* state, int64_t stride, int64_t from, int64_t until) {
  for (int64_t row = from; row < until; ++row)
    copy(t.h_n + t.walk.row[row] * t.layer.H, state + row * stride, t.layer.H);
}

template <class E> inline void forward(const ForwardTask& t) {
  [[maybe_unused]] const ProductScope<E> tiles;
  const Layer& l = t.layer;
  const Walk& w = t.walk;
  const int64_t stride = padded(units(l)), chunk = chunk_rows(w), in_stride = padded(l.I);
  float* x = t.scratch;                               // [chunk, in_stride] inputs of the chunk's steps
  float* before = x + chunk * in_stride;              // [rows, stride] states
  float* after = before + w.rows * stride;            // [rows, stride]
  float* reset = after + w.rows * stride;             // [rows, stride] r * h
  float* gates = reset + w.rows * stride;             // [chunk, U/W, 4, W] the projection: r, z, n
  float* factors = gates + chunk * units(l) * SLOTS;  // two matrices of left factors
  const Matrix<E> input = matrix<E>(factors, chunk, whole_words<E>(l.I));
  const Matrix<E> state = matrix<E>(factors + matrix_floats<E>(chunk, whole_words<E>(l.I)), w.rows, whole_words<E>(l.H));
  const float* bias = t.packed + packed_forward<E>(l).bias;
  start_states(t, before, stride);
  clear(after, w.rows * stride);
  save_last(t, before, stride, w.steps ? w.active[0] : 0, w.rows);  // rows of length 0
  for (int64_t from = 0, until; from < w.steps; from = until) {
    for (until = from + 1; until < w.steps && w.first[until + 1] - w.first[from] <= chunk;) ++until;
    gather_inputs(l, w, t.x, from, until, x, in_stride);
    const int64_t pairs = w.first[until] - w.first[from];
    project(t, as_rows(x, in_stride, pairs, l.I, input), pairs, gates);
    for (int64_t s = from; s < until; ++s) {
      float* kept = t.gates ? t.gates + w.first[s] * gate_floats(l.H) : nullptr;  // [active, gate_floats(H)]
      if (kept) clear_kept_past(l, kept, w.active[s]);
      float* projected = gates + (w.first[s] - w.first[from]) * units(l) * SLOTS;
      run_step<E>({t, s, w.active[s], bias, projected, kept, before, after, reset, stride}, state);
      save_last(t, after, stride, w.active[s + 1], w.active[s]);
      float* swap = before;
      before = after;
      after = swap;
    }
  }
  if (t.stream_gates) fence();
}

}  // namespace
