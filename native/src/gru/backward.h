// The backward pass of one task. Only dh is sequential: step by step the gates' derivatives are found and multiplied
// by W_hh. dX and the weights' gradients follow as large products over a whole chunk of steps. E says what the products'
// factors are stored as; derivatives, dh and sums are float.
#pragma once

#include "../matmul/outer_products.h"
#include "forward.h"

namespace {

using bigru::BackwardTask;
using bigru::WeightGradients;

// Derivatives stand in this order: n r z meet W_ih and r z q meet W_hh, both without a gap.
enum { DN = 0, DR = 1, DZ = 2, DQ = 3 };

BIGRU_INLINE int64_t gradient_stride(const Layer& l) { return SLOTS * units(l) + 16; }

// Words of the packed weights: W_hh of r, z, n as panels [U, H], then W_ih of n, r, z as panels [U, I] each, where U
// counts words.
template <class E> BIGRU_INLINE int64_t packed_backward_floats(const Layer& l) {
  return 3 * words<E>(units(l)) * (units(l) + round_up(l.I, W));
}

// Panels of from[rows, columns] padded to whole vectors by zeros: panel after panel, [rows, width].
template <class E> inline void pack_panels(const float* from, int64_t rows, int64_t padded_rows, int64_t columns, E* to) {
  for_panels(round_up(columns, W) / W, [&](int64_t v, auto width) {
    constexpr int n = decltype(width)::value * W;
    for (int64_t k = 0; k < words<E>(padded_rows) * Number<E>::count; k += Number<E>::count, to += n)
      for (int64_t j = 0; j < n; j += W) {
        const int64_t column = v * W + j, count = columns - column;
        vf part[Number<E>::count];
        for (int64_t i = 0; i < Number<E>::count; ++i)
          part[i] = k + i < rows && count > 0 ? load_first(from + (k + i) * columns + column, count) : vf{};
        store_word(to + j, part);
      }
  });
}

template <class E> inline void pack_backward(const Layer& l, const Weights& w, float* to) {
  const int input_order[3] = {N, R, Z};
  const int64_t recurrent = words<E>(units(l)) * units(l), input = words<E>(units(l)) * round_up(l.I, W);
  for (int g = 0; g < 3; ++g) pack_panels(w.weight_hh + g * l.H * l.H, l.H, units(l), l.H, (E*)to + g * recurrent);
  for (int g = 0; g < 3; ++g)
    pack_panels(w.weight_ih + input_order[g] * l.H * l.I, l.H, units(l), l.I, (E*)to + 3 * recurrent + g * input);
}

// The sums of one task: bias derivatives [4, U], W_ih's [n r z, U, I'], W_hh's [r z q, U, U].
struct WeightSums { int64_t bias, input, recurrent, end; };
BIGRU_INLINE WeightSums weight_sums(const Layer& l) {
  WeightSums s;
  s.bias = 0;
  s.input = SLOTS * units(l);
  s.recurrent = s.input + 3 * units(l) * round_up(l.I, W);
  s.end = s.recurrent + 3 * units(l) * units(l);
  return s;
}
inline int64_t weight_sum_floats(const Layer& l) { return weight_sums(l).end; }

// What a chunk of steps needs in scratch.
template <class E> struct Chunk {
  float* x;          // [N, I'] inputs
  float* h;          // [N, U'] states before the steps
  float* reset;      // [N, U'] r * h, reset before the product only
  float* grads;      // [N, 4 U] derivatives of the gates' sums
  float* dh;         // [rows, U'] carried from step to step
  float* dreset;     // [rows, U'] derivative of r * h
  int64_t x_stride, h_stride, g_stride;
  Matrix<E> factor;  // [N, 4 U] the derivatives as left factors, a slot for each gate
  float *x_pairs, *h_pairs, *reset_pairs, *g_pairs;  // [N / 2, ...] two steps in a word, see outer.h
};

template <class E> BIGRU_INLINE int64_t slots_width(const Layer& l) { return SLOTS * words<E>(units(l)); }

template <class E> inline int64_t backward_scratch_floats(const Layer& l, const Walk& w) {
  const int64_t n = chunk_rows(w), widths = padded(l.I) + 2 * padded(units(l)), state = padded(units(l));
  return n * (widths + gradient_stride(l)) + 2 * w.rows * state + matrix_floats<E>(n, slots_width<E>(l)) +
         shared_floats<E>(n, widths) + turned_floats<E>(n, SLOTS * units(l), gradient_stride(l));
}

template <class E> inline Chunk<E> lay_out(const BackwardTask& t) {
  const Layer& l = t.layer;
  const int64_t n = chunk_rows(t.walk), state = padded(units(l));
  Chunk<E> c;
  c.x_stride = padded(l.I);
  c.h_stride = state;
  c.g_stride = gradient_stride(l);
  c.x = t.scratch;
  c.h = c.x + n * c.x_stride;
  c.reset = c.h + n * state;
  c.grads = c.reset + n * state;
  c.dh = c.grads + n * c.g_stride;
  c.dreset = c.dh + t.walk.rows * state;
  float* factors = c.dreset + t.walk.rows * state;
  c.factor = matrix<E>(factors, n, slots_width<E>(l));
  c.x_pairs = factors + matrix_floats<E>(n, slots_width<E>(l));
  c.h_pairs = c.x_pairs + shared_floats<E>(n, c.x_stride);
  c.reset_pairs = c.h_pairs + shared_floats<E>(n, state);
  c.g_pairs = c.reset_pairs + shared_floats<E>(n, state);
  return c;
}

// The derivatives of a slot and those after it, of rows from `at` on, as left factors.
template <class E> BIGRU_INLINE Rows<E> gradients(const Layer& l, const Chunk<E>& c, int64_t at, int slot) {
  if constexpr (Number<E>::count == 1) return {c.grads + at * c.g_stride + slot * units(l), c.g_stride, nullptr};
  else return {c.factor.data + at * c.factor.stride + slot * words<E>(units(l)), c.factor.stride, nullptr};
}
// Puts `slots` of them there, and returns them.
template <class E>
BIGRU_INLINE Rows<E> narrow_gradients(const Layer& l, const Chunk<E>& c, int64_t at, int64_t rows, int slot, int slots) {
  if constexpr (Number<E>::count > 1)
    for (int i = slot; i < slot + slots; ++i)
      narrow(c.grads + at * c.g_stride + i * units(l), c.g_stride, rows, units(l),
             c.factor.data + at * c.factor.stride + i * words<E>(units(l)), c.factor.stride, nullptr);
  return gradients(l, c, at, slot);
}

// Row `row` of a step, row `at` of the chunk: derivatives of (1) to (4) but for what comes through the products.
// Leaves dh * z in dh. With the reset before the product, dr waits for U_n' dn (see finish_reset).
template <class E>
BIGRU_INLINE void gate_gradients(const BackwardTask& t, const Chunk<E>& c, const float* gates, const float* dy, int64_t at,
                                 int64_t row) {
  const Layer& l = t.layer;
  float* grads = c.grads + at * c.g_stride;  // [4, U]
  for (int64_t unit = 0; unit < units(l); unit += W) {
    const float* g = gates + kept_at(unit);  // [4, kGateBlock]
    const vf r = load(g + R * kGateBlock), z = load(g + Z * kGateBlock), n = load(g + N * kGateBlock);
    const vf h = load(c.h + at * c.h_stride + unit);
    vf dh = load(c.dh + row * c.h_stride + unit);
    if (dy) dh += load_first(dy + unit, l.H - unit);
    const vf dn = dh * (1.0f - z) * (1.0f - n * n);
    const vf dz = dh * (h - n) * z * (1.0f - z);
    store(grads + DN * units(l) + unit, dn);
    store(grads + DZ * units(l) + unit, dz);
    store(c.dh + row * c.h_stride + unit, dh * z);
    if (l.reset_after) {
      store(grads + DR * units(l) + unit, dn * load(g + Q * kGateBlock) * r * (1.0f - r));
      store(grads + DQ * units(l) + unit, dn * r);
    } else {
      store(grads + DQ * units(l) + unit, dn);
      store(c.reset + at * c.h_stride + unit, r * h);
    }
  }
}

// to[rows, units] += grads[rows, k] * panels, for `matrices` matrices [U, H] whose derivatives stand U apart.
template <class E>
inline void add_recurrent(const Layer& l, const Rows<E>& grads, const float* packed, int matrices, int64_t rows, float* to,
                          int64_t stride) {
  const int64_t U = units(l), depth = words<E>(U);
  for_panels(U / W, [&](int64_t v, auto width) {
    constexpr int V = decltype(width)::value;
    const Panels<E> weights = {(const E*)packed + v * W * depth, 0, nullptr};
    const Products<E> product = {grads, weights, words<E>(l.H), matrices, depth, depth * U};
    for_products<V>(rows, product, [&](int64_t row, auto count, const auto& part) {
      constexpr int n = decltype(count)::value;
      vf acc[1][n][V];
      float* out = to + row * stride + v * W;  // [n, V * W], rows `stride` apart
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < V; ++j) acc[0][i][j] = load(out + i * stride + j * W);
      part.add(acc, row);
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < V; ++j) store(out + i * stride + j * W, acc[0][i][j]);
    });
  });
}

// Reset before the product: d(r h) = dn U_n gives dr, and r d(r h) goes to dh.
template <class E>
inline void finish_reset(const BackwardTask& t, const Chunk<E>& c, const float* gates, int64_t at, int64_t rows) {
  const Layer& l = t.layer;
  const Rows<E> dn = narrow_gradients(l, c, at, rows, DN, 1);
  clear(c.dreset, rows * c.h_stride);
  float* grads = c.grads + at * c.g_stride;
  add_recurrent(l, dn, t.packed + 2 * words<E>(units(l)) * units(l), 1, rows, c.dreset, c.h_stride);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t unit = 0; unit < units(l); unit += W) {
      const vf r = load(gates + row * gate_floats(l.H) + kept_at(unit) + R * kGateBlock);
      const vf d = load(c.dreset + row * c.h_stride + unit);
      const vf h = load(c.h + (at + row) * c.h_stride + unit);
      store(grads + row * c.g_stride + DR * units(l) + unit, d * h * r * (1.0f - r));
      float* dh = c.dh + row * c.h_stride + unit;
      store(dh, load(dh) + d * r);
    }
}

// The gates and dy of the step before, which comes next, were last touched long ago.
BIGRU_INLINE void prefetch_earlier(const BackwardTask& t, int64_t step, int64_t row) {
  if (step == 0) return;
  const Layer& l = t.layer;
  prefetch(t.gates + (t.walk.first[step - 1] + row) * gate_floats(l.H), gate_floats(l.H));
  if (t.dy) prefetch(t.dy + position(l, t.walk, row, step - 1) * l.D * l.H + t.walk.direction * l.H, l.H);
}

template <class E> inline void step_backward(const BackwardTask& t, const Chunk<E>& c, int64_t step, int64_t at) {
  const Layer& l = t.layer;
  const Walk& w = t.walk;
  const int64_t rows = w.active[step];
  const float* gates = t.gates + w.first[step] * gate_floats(l.H);  // [rows, gate_floats(H)]
  for (int64_t row = w.active[step + 1]; row < rows; ++row)  // rows whose last step this is
    if (t.dh_n) copy(c.dh + row * c.h_stride, t.dh_n + w.row[row] * l.H, l.H);
  for (int64_t row = 0; row < rows; ++row) {
    prefetch_earlier(t, step, row);
    const float* dy = t.dy ? t.dy + position(l, w, row, step) * l.D * l.H + w.direction * l.H : nullptr;
    gate_gradients(t, c, gates + row * gate_floats(l.H), dy, at + row, row);
  }
  if (!l.reset_after) finish_reset(t, c, gates, at, rows);
  narrow_gradients(l, c, at, rows, DN, SLOTS);
  if (step > 0 || t.dh0) add_recurrent(l, gradients(l, c, at, DR), t.packed, joined(l), rows, c.dh, c.h_stride);
}

// dx of a chunk = [dn dr dz] W_ih, written where the inputs came from.
template <class E> inline void input_gradients(const BackwardTask& t, const Chunk<E>& c, int64_t from, int64_t until) {
  const Layer& l = t.layer;
  const Walk& w = t.walk;
  const int64_t depth = words<E>(units(l)), width_in = round_up(l.I, W), rows = w.first[until] - w.first[from];
  const E* packed = (const E*)t.packed + 3 * depth * units(l);  // W_ih: [n r z] panels [U, I]
  const Rows<E> grads = gradients(l, c, 0, DN);
  for_panels(width_in / W, [&](int64_t v, auto width) {
    constexpr int V = decltype(width)::value;
    const Panels<E> weights = {packed + v * W * depth, 0, nullptr};
    const Products<E> product = {grads, weights, words<E>(l.H), 3, depth, depth * width_in};
    for_products<V>(rows, product, [&](int64_t row, auto count, const auto& part) {
      constexpr int n = decltype(count)::value;
      vf acc[1][n][V] = {};
      part.add(acc, row);
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < V; ++j) store(c.x + (row + i) * c.x_stride + (v + j) * W, acc[0][i][j]);
    });
  });
  const float* out = c.x;
  for (int64_t s = from; s < until; ++s)
    for (int64_t row = 0; row < w.active[s]; ++row, out += c.x_stride) copy(t.dx + position(l, w, row, s) * l.I, out, l.I);
}

template <class E> inline void weight_gradients(const BackwardTask& t, const Chunk<E>& c, int64_t rows) {
  const Layer& l = t.layer;
  const WeightSums s = weight_sums(l);
  const int64_t U = units(l), g = c.g_stride;
  for (int64_t unit = 0; unit < SLOTS * U; unit += W) {
    vf sum = load(t.dw + s.bias + unit);
    for (int64_t row = 0; row < rows; ++row) sum += load(c.grads + row * g + unit);
    store(t.dw + s.bias + unit, sum);
  }
  const OuterLeft<E> grads = share_turned<E>(c.grads, g, rows, SLOTS * U, c.g_pairs);
  const E* x = share_words<E>(c.x, c.x_stride, rows, l.I, c.x_pairs);
  const E* h = share_words<E>(c.h, c.h_stride, rows, U, c.h_pairs);
  add_outer(grads.from(DN * U), x, c.x_stride, rows, 3 * U, round_up(l.I, W), t.dw + s.input);
  add_outer(grads.from(DR * U), h, c.h_stride, rows, joined(l) * U, U, t.dw + s.recurrent);
  if (l.reset_after) return;
  const E* reset = share_words<E>(c.reset, c.h_stride, rows, U, c.reset_pairs);
  add_outer(grads.from(DQ * U), reset, c.h_stride, rows, U, U, t.dw + s.recurrent + 2 * U * U);
}

template <class E> inline void finish_states(const BackwardTask& t, const Chunk<E>& c) {
  const Layer& l = t.layer;
  const Walk& w = t.walk;
  const int64_t started = w.steps ? w.active[0] : 0;
  for (int64_t row = 0; row < w.rows; ++row) {
    float* to = t.dh0 + w.row[row] * l.H;
    if (row < started) copy(to, c.dh + row * c.h_stride, l.H);
    else if (t.dh_n) copy(to, t.dh_n + w.row[row] * l.H, l.H);
    else clear(to, l.H);
  }
}

template <class E> inline void backward(const BackwardTask& t) {
  [[maybe_unused]] const ProductScope<E> tiles;
  const Layer& l = t.layer;
  const Walk& w = t.walk;
  const Chunk<E> c = lay_out<E>(t);
  const int64_t chunk = chunk_rows(w);
  clear(c.dh, w.rows * c.h_stride);
  if (t.dw) clear(t.dw, weight_sum_floats(l));
  for (int64_t until = w.steps, from; until > 0; until = from) {
    for (from = until - 1; from > 0 && w.first[until] - w.first[from - 1] <= chunk;) --from;
    gather_states(l, w, t.y, t.h0, from, until, c.h, c.h_stride);
    for (int64_t s = until; s-- > from;) step_backward(t, c, s, w.first[s] - w.first[from]);
    if (t.dw) {
      gather_inputs(l, w, t.x, from, until, c.x, c.x_stride);
      weight_gradients(t, c, w.first[until] - w.first[from]);
    }
    if (t.dx) input_gradients(t, c, from, until);
  }
  if (t.dh0) finish_states(t, c);
}

// The sum over the tasks of their share; zeros where no task has written one, as for an empty batch.
BIGRU_INLINE vf sum_shares(const float* first, int64_t tasks, int64_t size) {
  vf sum = tasks > 0 ? load(first) : vf{};
  for (int64_t task = 1; task < tasks; ++task) sum += load(first + task * size);
  return sum;
}

// to[gates in torch's order, units] = sum over the tasks of their share.
inline void sum_gate(const Layer& l, const float* dw, int64_t tasks, int64_t part, int64_t columns_padded, int64_t columns, float* to) {
  const int64_t size = weight_sum_floats(l);
  for (int64_t unit = 0; unit < l.H; ++unit)
    for (int64_t v = 0; v < columns; v += W) {
      const vf sum = sum_shares(dw + part + unit * columns_padded + v, tasks, size);
      store_first(to + unit * columns + v, sum, columns - v);
    }
}

inline void sum_bias(const Layer& l, const float* dw, int64_t tasks, int slot, float* to) {
  for (int64_t unit = 0; unit < l.H; unit += W)
    store_first(to + unit, sum_shares(dw + slot * units(l) + unit, tasks, weight_sum_floats(l)), l.H - unit);
}

inline void sum_weight_gradients(const Layer& l, const float* dw, int64_t tasks, const WeightGradients& to) {
  const WeightSums s = weight_sums(l);
  const int64_t U = units(l), width_in = round_up(l.I, W);
  const int input_slot[3] = {DR, DZ, DN}, recurrent_slot[3] = {DR, DZ, DQ};
  for (int g = 0; g < 3; ++g) {
    if (to.weight_ih) sum_gate(l, dw, tasks, s.input + input_slot[g] * U * width_in, width_in, l.I, to.weight_ih + g * l.H * l.I);
    if (to.weight_hh) sum_gate(l, dw, tasks, s.recurrent + g * U * U, U, l.H, to.weight_hh + g * l.H * l.H);
    if (to.bias_ih) sum_bias(l, dw, tasks, input_slot[g], to.bias_ih + g * l.H);
    if (to.bias_hh) sum_bias(l, dw, tasks, recurrent_slot[g], to.bias_hh + g * l.H);
  }
}

}  // namespace
