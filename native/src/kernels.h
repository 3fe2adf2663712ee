// What one instruction set offers: a table of functions on plain structs. Common code fills the structs.
//
// Letters: N steps-times-rows of a chunk, U hidden units rounded up to whole vectors (H <= U), W lanes of a vector.
// Rows of a task are sorted by length, longest first: at step s the first active[s] rows are alive. A step is counted
// along the walk: time s forwards, time len - 1 - s in reverse.
#pragma once

#include <stdint.h>

#include "crf_kernels.h"

namespace bigru {

struct Weights {              // of one direction, torch's layout, gates stacked r, z, n
  const float* weight_ih;     // [3H, I]
  const float* weight_hh;     // [3H, H]
  const float* bias_ih;       // [3H] or null
  const float* bias_hh;       // [3H] or null
};

struct Layer {                // what every task of a call shares
  long B, T, I, H, D;
  int reset_after;
  long row_stride, step_stride;  // in x and y: (T, 1), or (1, B) where time comes first
};

struct Walk {                 // the rows of one task and how they walk
  int direction;
  int reverse;
  long rows;
  long steps;                 // the longest row's length
  const int64_t* row;         // [rows] index into B
  const int64_t* length;      // [rows]
  const int64_t* active;      // [steps + 1] rows alive at a step; 0 at the end
  const int64_t* first;       // [steps + 1] sum of active before a step
  long chunk;                 // at most so many (step, row) pairs are worked on together
};

struct ForwardTask {
  Layer layer;
  Walk walk;
  const float* packed;        // packed_forward_floats, written by pack_forward
  const float* x;             // [B, T, I] or [T, B, I], and so y, dy, dx
  const float* h0;            // [B, H] of this direction, or null for zeros
  float* y;                   // [B, T, D * H]
  float* h_n;                 // [B, H] of this direction
  float* gates;               // [sum of lengths, U/W, 4, W]: r, z, n, q; 64-byte aligned; or null: nothing is kept
  bool stream_gates;          // they are too many to stay in a cache until backward
  float* scratch;             // forward_scratch_floats
};

struct BackwardTask {
  Layer layer;
  Walk walk;
  const float* packed;        // packed_backward_floats, written by pack_backward
  const float* x;
  const float* h0;
  const float* y;
  const float* gates;         // as forward left them
  const float* dy;            // [B, T, D * H] or null for zeros
  const float* dh_n;          // [B, H] of this direction, or null for zeros
  float* dx;                  // [B, T, I], this direction's share; or null
  float* dh0;                 // [B, H] of this direction, or null
  float* dw;                  // weight_sum_floats: this task's share of the weights' gradients; or null
  float* scratch;             // backward_scratch_floats
};

struct WeightGradients {      // of one direction; null where not wanted
  float *weight_ih, *weight_hh, *bias_ih, *bias_hh;
};

enum Precision { kFp32 = 0, kBf16 = 1, kInt8 = 2, kPrecisions = 3 };  // of the products' factors

struct GruKernels {             // of one precision; backward and what goes with it is null for kInt8
  long (*packed_forward_floats)(const Layer&);
  long (*packed_backward_floats)(const Layer&);
  long (*forward_scratch_floats)(const Layer&, const Walk&);
  long (*backward_scratch_floats)(const Layer&, const Walk&);
  void (*pack_forward)(const Layer&, const Weights&, float* packed);
  void (*pack_backward)(const Layer&, const Weights&, float* packed);
  void (*forward)(const ForwardTask&);
  void (*backward)(const BackwardTask&);
};

struct Kernels {
  const char* name;
  int lanes;
  GruKernels gru[kPrecisions];
  long (*gate_floats)(long H);  // of one (step, row) in `gates`
  long (*weight_sum_floats)(const Layer&);
  void (*sum_weight_gradients)(const Layer&, const float* dw, long tasks, const WeightGradients&);
  void (*vector_math)(int function, const float* in, float* out, long count);  // 0 sigmoid, 1 tanh, 2 exp, 3 log
  CrfKernels crf;
  double (*products[kPrecisions])(long rounds, float* sink);  // how many operations those rounds were; or null
};

struct TileKernels {            // what a tile unit does better than the instruction set around it, which has the rest
  const char* name;
  GruKernels bf16, int8;
  double (*bf16_products)(long rounds, float* sink);
  double (*int8_products)(long rounds, float* sink);
  bool (*right)();              // whether small products come out right
};

}  // namespace bigru
