// The table of one instruction set. Included last by a file of src/isa.
#pragma once

#include "../cpu/kernels.h"
#include "../gru/backward.h"
#include "../matmul/product_rate.h"
#if BIGRU_TILES
#include "../matmul/amx_check.h"
#else
#include "../crf/table.h"
#endif

namespace {

template <class E> inline int64_t packed_forward_floats(const Layer& l) { return packed_forward<E>(l).end; }

template <class E> constexpr bigru::GruKernels training_kernels() {
  return {packed_forward_floats<E>, packed_backward_floats<E>, forward_scratch_floats<E>, backward_scratch_floats<E>,
          pack_forward<E>, pack_backward<E>, forward<E>, backward<E>};
}

template <class E> constexpr bigru::GruKernels inference_kernels() {
  return {packed_forward_floats<E>, nullptr, forward_scratch_floats<E>, nullptr, pack_forward<E>, nullptr, forward<E>, nullptr};
}

#if !BIGRU_TILES
inline void vector_math(int function, const float* in, float* out, int64_t count) {
  for (int64_t i = 0; i < count; i += W) {
    const vf x = load_first(in + i, count - i);
    const vf y = function == 0 ? sigmoid(x) : function == 1 ? tanh(x) : function == 2 ? exp(x) : log(x);
    store_first(out + i, y, count - i);
  }
}
#endif

}  // namespace

namespace bigru {

#if BIGRU_TILES

extern const TileKernels BIGRU_TABLE;
const TileKernels BIGRU_TABLE = {BIGRU_NAME,       training_kernels<Pair>(), inference_kernels<Quad>(),
                                 measured<Pair>(), measured<Quad>(),         tiles_are_right};

#else

extern const Kernels BIGRU_TABLE;
const Kernels BIGRU_TABLE = {
    BIGRU_NAME,
    W,
    {training_kernels<float>(), training_kernels<Pair>(), inference_kernels<Quad>()},
    weight_sum_floats,
    sum_weight_gradients,
    vector_math,
    crf_kernels,
    {measured<float>(), measured<Pair>(), measured<Quad>()}};

#endif

}  // namespace bigru
