// The table of one instruction set. Included last by an isa_*.cc file.
#pragma once

#include "backward.h"
#include "peak.h"

namespace {

inline long packed_forward_floats(const Layer& l) { return packed_forward(l).end; }

inline void vector_math(int function, const float* in, float* out, long count) {
  for (long i = 0; i < count; i += W) {
    const vf x = load_first(in + i, count - i);
    store_first(out + i, function == 0 ? sigmoid(x) : tanh(x), count - i);
  }
}

}  // namespace

namespace bigru {

extern const Kernels BIGRU_TABLE;
const Kernels BIGRU_TABLE = {
    BIGRU_NAME,           W,           gate_floats,   packed_forward_floats, packed_backward_floats, forward_scratch_floats,
    backward_scratch_floats, weight_sum_floats, pack_forward, pack_backward, forward,           backward,
    sum_weight_gradients, vector_math, float32_products};

}  // namespace bigru
