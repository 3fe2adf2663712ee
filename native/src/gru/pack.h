// The weights of one direction as the forward pass reads them.
#pragma once

#include "../matmul/products.h"
#include "walk.h"

namespace {

using bigru::Weights;

enum { R = 0, Z = 1, N = 2, Q = 3, SLOTS = 4 };  // q is the recurrent part of n, before the reset gate

// Words of the parts: W_ih as [U/W, I, 3, W]; W_hh as [U/W, H, 3, W] (reset after the product), or [U/W, H, 2, W] for
// r, z and [U/W, H, W] for n (before), where I and H count words; of Quad, for each of them [U/W, 2, gates, W] scales
// and what the sums start from; the biases [U/W, 4, W].
struct PackedForward { int64_t input, recurrent, candidate, input_scale, recurrent_scale, candidate_scale, bias, end; };

// Gates that share the panels of W_hh.
BIGRU_INLINE int joined(const Layer& l) { return l.reset_after ? 3 : 2; }

template <class E> BIGRU_INLINE PackedForward packed_forward(const Layer& l) {
  const int64_t U = units(l), scales = Number<E>::scaled ? 2 * U : 0;
  PackedForward p;
  p.input = 0;
  p.recurrent = U * 3 * words<E>(l.I);
  p.candidate = p.recurrent + U * joined(l) * words<E>(l.H);
  p.input_scale = p.recurrent + U * 3 * words<E>(l.H);
  p.recurrent_scale = p.input_scale + 3 * scales;
  p.candidate_scale = p.recurrent_scale + joined(l) * scales;
  p.bias = p.recurrent_scale + 3 * scales;
  p.end = p.bias + U * SLOTS;
  return p;
}

template <class E> BIGRU_INLINE Panels<E> panels(const float* packed, int64_t part, int64_t scales, int gates, int64_t depth, int64_t unit) {
  return {(const E*)(packed + part + unit * gates * words<E>(depth)), W * gates * words<E>(depth),
          packed + scales + 2 * gates * unit};
}

// What scales the numbers of a row of weights to whole ones; the scale becomes NaN if one of them is not finite.
inline float quantise(const float* row, int64_t depth, float* scale) {
  float most = 0.0f, poison = 0.0f;
  for (int64_t k = 0; k < depth; ++k) {
    const float size = row[k] < 0 ? -row[k] : row[k];
    most = size > most ? size : most;
    poison += row[k] - row[k];
  }
  *scale = most / 127.0f + poison;
  return poison == 0.0f && most > 1e-30f ? 127.0f / most : 0.0f;
}

// What a sum of products with 128 + q starts from, so that the 128 drop out.
inline int32_t offset_of(const Quad* column, int64_t stride, int64_t depth) {
  int32_t sum = 0;
  for (int64_t k = 0; k < depth; ++k)
    for (int i = 0; i < 4; ++i) sum += (int8_t)(column[k * stride].bits >> 8 * i);
  return -128 * sum;
}

// to[block, k, gate, W] = from[gate * H + unit, k] for `gates` gates from `first_gate` on; zero past H.
template <class E>
inline void pack_gates(const float* from, int64_t H, int64_t depth, int first_gate, int gates, E* to, float* scales) {
  for (int64_t unit = 0; unit < round_up(H, W); ++unit)
    for (int g = 0; g < gates; ++g) {
      const float* row = from + ((first_gate + g) * H + unit) * depth;
      const int64_t have = unit < H ? depth : 0;
      E* column = to + unit / W * W * gates * words<E>(depth) + g * W + unit % W;
      float* scale = scales + unit / W * W * gates * 2 + g * W + unit % W;
      float inverse = 1.0f;
      if constexpr (Number<E>::scaled) inverse = quantise(row, have, scale);
      for (int64_t k = 0; k < words<E>(depth); ++k) {
        const int64_t at = k * Number<E>::count;
        column[k * gates * W] = pack_word<E>(row + at, 1, have - at, inverse);
      }
      if constexpr (Number<E>::scaled) {
        const int32_t offset = offset_of(column, gates * W, words<E>(depth));
        __builtin_memcpy(scale + gates * W, &offset, sizeof offset);
      }
    }
}

inline void pack_bias(const Layer& l, const Weights& w, float* to) {
  const auto at = [&](const float* bias, int gate, int64_t unit) {
    return bias && unit < l.H ? bias[gate * l.H + unit] : 0.0f;
  };
  for (int64_t unit = 0; unit < units(l); ++unit) {
    float* slot = to + unit / W * W * SLOTS + unit % W;
    slot[R * W] = at(w.bias_ih, R, unit) + at(w.bias_hh, R, unit);
    slot[Z * W] = at(w.bias_ih, Z, unit) + at(w.bias_hh, Z, unit);
    slot[N * W] = at(w.bias_ih, N, unit) + (l.reset_after ? 0.0f : at(w.bias_hh, N, unit));
    slot[Q * W] = l.reset_after ? at(w.bias_hh, N, unit) : 0.0f;
  }
}

template <class E> inline void pack_forward(const Layer& l, const Weights& w, float* to) {
  const PackedForward p = packed_forward<E>(l);
  pack_gates(w.weight_ih, l.H, l.I, R, 3, (E*)(to + p.input), to + p.input_scale);
  pack_gates(w.weight_hh, l.H, l.H, R, joined(l), (E*)(to + p.recurrent), to + p.recurrent_scale);
  if (!l.reset_after) pack_gates(w.weight_hh, l.H, l.H, N, 1, (E*)(to + p.candidate), to + p.candidate_scale);
  pack_bias(l, w, to + p.bias);
}

}  // namespace
