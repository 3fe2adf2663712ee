// What the entry points of the GRU share: the check of a layer, and the cut of a call into tasks.
#pragma once

#include "../cpu/dispatch.h"
#include "../runtime/call.h"
#include "plan.h"

namespace bigru {

// Empty if the layer is sound and there are kernels to run it, otherwise what is wrong with it.
std::string check(const char* where, const bigru_gru_layer& layer, const Kernels* kernels);

struct Call {
  const Kernels& kernels;
  const GruKernels& gru;
  Layer layer;
  Plan plan;
  int threads, tasks;
  int64_t chunk;
  const bigru_gru_layer& given;

  Call(const Kernels& kernels, const bigru_gru_layer& given);
  int direction(int task) const { return task % given.D; }
  int group(int task) const { return task / given.D; }
  Walk walk(int task, int64_t least_chunk = 0) const;
  int64_t gates_at(int task) const;  // where a task's gates begin, in floats
  bool streams_gates() const;        // all tasks' gates together are more than a cache holds
  int64_t states(int task) const { return direction(task) * given.B * given.H; }
  int packers(int64_t floats) const { return floats > 65536 ? threads : 1; }
  void clear_past_lengths(float* to, int64_t columns) const;
};

Layer layer_of(const bigru_gru_layer& layer);
Weights weights_of(const bigru_gru_weights& weights);

}  // namespace bigru
