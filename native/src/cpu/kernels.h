// What one instruction set offers: a table of functions on plain structs. Common code fills the structs.
#pragma once

#include "../crf/kernels.h"
#include "../gru/kernels.h"

namespace bigru {

struct Kernels {
  const char* name;
  int lanes;
  GruKernels gru[kPrecisions];
  int64_t (*weight_sum_floats)(const Layer&);
  void (*sum_weight_gradients)(const Layer&, const float* dw, int64_t tasks, const WeightGradients&);
  void (*vector_math)(int function, const float* in, float* out, int64_t count);  // 0 sigmoid, 1 tanh, 2 exp, 3 log
  CrfKernels crf;
  double (*products[kPrecisions])(int64_t rounds, float* sink);  // how many operations those rounds were; or null
};

struct TileKernels {            // what a tile unit does better than the instruction set around it, which has the rest
  const char* name;
  GruKernels bf16, int8;
  double (*bf16_products)(int64_t rounds, float* sink);
  double (*int8_products)(int64_t rounds, float* sink);
  bool (*right)();              // whether small products come out right
};

}  // namespace bigru
