// What one instruction set offers for a GRU. Equations: docs/math/gru.md.
//
// Letters: N steps-times-rows of a chunk, U hidden units rounded up to whole vectors (H <= U), W lanes of a vector.
// Rows of a task are sorted by length, longest first: at step s the first active[s] rows are alive. A step is counted
// along the walk: time s forwards, time len - 1 - s in reverse.
#pragma once

#include <stdint.h>

namespace bigru {

struct Weights {              // of one direction, torch's layout, gates stacked r, z, n
  const float* weight_ih;     // [3H, I]
  const float* weight_hh;     // [3H, H]
  const float* bias_ih;       // [3H] or null
  const float* bias_hh;       // [3H] or null
};

struct Layer {                // what every task of a call shares
  int64_t B, T, I, H, D;
  int reset_after;
  int64_t row_stride, step_stride;  // in x and y: (T, 1), or (1, B) where time comes first
};

struct Walk {                 // the rows of one task and how they walk
  int direction;
  int reverse;
  int64_t rows;
  int64_t steps;                 // the longest row's length
  const int64_t* row;         // [rows] index into B
  const int64_t* length;      // [rows]
  const int64_t* active;      // [steps + 1] rows alive at a step; 0 at the end
  const int64_t* first;       // [steps + 1] sum of active before a step
  int64_t chunk;                 // at most so many (step, row) pairs are worked on together
};

struct ForwardTask {
  Layer layer;
  Walk walk;
  const float* packed;        // packed_forward_floats, written by pack_forward
  const float* x;             // [B, T, I] or [T, B, I], and so y, dy, dx
  const float* h0;            // [B, H] of this direction, or null for zeros
  float* y;                   // [B, T, D * H]
  float* h_n;                 // [B, H] of this direction
  float* gates;               // [sum of lengths, gate_floats(H)], 64-byte aligned; or null: nothing is kept
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

// Floats of the kept gates of one (step, row): [ceil(H / 16), 4, 16], r, z, n and q of 16 units each. So on every
// instruction set, the widest having vectors of 16: any may read what another has kept. (static: bodies share no function.)
constexpr int64_t kGateBlock = 16;
static constexpr int64_t gate_floats(int64_t H) { return (H + kGateBlock - 1) / kGateBlock * kGateBlock * 4; }

enum Precision { kFp32 = 0, kBf16 = 1, kInt8 = 2, kPrecisions = 3 };  // of the products' factors

struct GruKernels {             // of one precision; backward and what goes with it is null for kInt8
  int64_t (*packed_forward_floats)(const Layer&);
  int64_t (*packed_backward_floats)(const Layer&);
  int64_t (*forward_scratch_floats)(const Layer&, const Walk&);
  int64_t (*backward_scratch_floats)(const Layer&, const Walk&);
  void (*pack_forward)(const Layer&, const Weights&, float* packed);
  void (*pack_backward)(const Layer&, const Weights&, float* packed);
  void (*forward)(const ForwardTask&);
  void (*backward)(const BackwardTask&);
};

}  // namespace bigru
