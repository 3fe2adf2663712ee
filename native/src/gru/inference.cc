// Inference with weights packed once, whole sequences or step by step.
#include <algorithm>
#include <memory>
#include <vector>

#include "call.h"
#include "../cpu/machine.h"

struct bigru_gru_prepared {
  const bigru::Kernels* kernels;  // that packed the weights, and run on them whichever set a caller has chosen
  bigru_gru_layer layer;
  int64_t size;                // of one direction's packed weights
  std::vector<float> storage;
  float* packed;               // in storage, on a cache line
};

using namespace bigru;

namespace {

constexpr int64_t kLine = 16;  // floats of a cache line

float* aligned(std::vector<float>& storage) {
  const uintptr_t line = kLine * sizeof(float), at = reinterpret_cast<uintptr_t>(storage.data());
  return storage.data() + ((at + line - 1) / line * line - at) / sizeof(float);
}

bigru_gru_prepared* prepare(const Kernels& kernels, const bigru_gru_layer& layer, const bigru_gru_weights* weights) {
  auto made = std::make_unique<bigru_gru_prepared>();
  made->kernels = &kernels;
  made->layer = layer;
  made->layer.lengths = nullptr;
  const GruKernels& gru = kernels.gru[layer.precision];
  made->size = gru.packed_forward_floats(layer_of(layer));
  made->storage.resize(layer.D * made->size + kLine);
  made->packed = aligned(made->storage);
  for (int d = 0; d < layer.D; ++d)
    gru.pack_forward(layer_of(layer), weights_of(weights[d]), made->packed + d * made->size);
  return made.release();
}

std::string check_infer(const Kernels* kernels, const bigru_gru_layer& l, const float* x, const float* h0, const float* y,
                        const float* h_n) {
  const char* where = "bigru_gru_infer";
  std::string wrong = check(where, l, kernels);
  if (wrong.empty() && l.B > 0) wrong = check_present(where, {{"h_n", h_n}});
  if (wrong.empty() && l.B > 0 && l.T > 0) wrong = check_present(where, {{"x", x}, {"y", y}});
  if (!wrong.empty()) return wrong;
  const int64_t state = l.D * l.B * l.H;
  return check_apart(where, {{"y", y, l.B * l.T * l.D * l.H}, {"h_n", h_n, state}},
                     {{"x", x, l.B * l.T * l.I}, {"h0", h0, state}});
}

// The rows of one step of a stream: a walk of length 1 for at most kStepRows rows.
constexpr int64_t kStepRows = 64;
struct StepRows {
  int64_t row[kStepRows], length[kStepRows];
  StepRows() {
    for (int64_t i = 0; i < kStepRows; ++i) row[i] = i, length[i] = 1;
  }
};

void step_rows(const bigru_gru_prepared& p, int64_t rows, const float* x, float* h) {
  static const StepRows all;
  const int64_t active[2] = {rows, 0}, first[2] = {0, rows};
  Layer layer = layer_of(p.layer);
  layer.B = rows;
  layer.T = layer.row_stride = layer.step_stride = 1;
  const Walk walk = {0, 0, rows, 1, all.row, all.length, active, first, rows};
  const GruKernels& gru = p.kernels->gru[p.layer.precision];
  float* memory = task_memory(gru.forward_scratch_floats(layer, walk));
  FlushDenormals flush;  // h is read before y and h_n, the same array here, are written
  gru.forward({layer, walk, p.packed, x, h, h, h, nullptr, false, memory});
}

}  // namespace

extern "C" {

bigru_gru_prepared* bigru_gru_prepare(const bigru_gru_layer* layer, const bigru_gru_weights* weights) {
  bigru_gru_layer l = *layer;
  l.B = l.T = 0;
  l.lengths = nullptr;
  const Kernels* chosen = kernels();
  std::string wrong = check("bigru_gru_prepare", l, chosen);
  for (int d = 0; wrong.empty() && d < l.D; ++d)
    wrong = check_present("bigru_gru_prepare", {{"weight_ih", weights[d].weight_ih}, {"weight_hh", weights[d].weight_hh}});
  if (!wrong.empty()) return fail(BIGRU_INVALID, wrong), nullptr;
  bigru_gru_prepared* made = nullptr;
  guarded("bigru_gru_prepare", [&] {
    made = prepare(*chosen, l, weights);
    return int{BIGRU_OK};
  });
  return made;
}

void bigru_gru_release(bigru_gru_prepared* prepared) { delete prepared; }

int bigru_gru_infer(const bigru_gru_prepared* p, const bigru_gru_layer* layer, const float* x, const float* h0, float* y,
                    float* h_n) {
  bigru_gru_layer l = p->layer;
  l.B = layer->B;
  l.T = layer->T;
  l.time_first = layer->time_first;
  l.lengths = layer->lengths;
  l.threads = layer->threads;
  const std::string wrong = check_infer(p->kernels, l, x, h0, y, h_n);
  if (!wrong.empty()) return fail(BIGRU_INVALID, wrong);
  return guarded("bigru_gru_infer", [&] {
    const Call c(*p->kernels, l);
    const bool done = run_with_memory(c.tasks, c.threads, [&](int i) {
      const Walk walk = c.walk(i);
      c.gru.forward({c.layer, walk, p->packed + c.direction(i) * p->size, x, h0 ? h0 + c.states(i) : nullptr, y,
                         h_n + c.states(i), nullptr, false, task_memory(c.gru.forward_scratch_floats(c.layer, walk))});
    });
    c.clear_past_lengths(y, l.D * l.H);
    return done ? int{BIGRU_OK} : fail(BIGRU_NO_MEMORY, "bigru_gru_infer: out of memory");
  });
}

int bigru_gru_step(const bigru_gru_prepared* p, int64_t B, const float* x, float* h) {
  if (p->layer.D != 1) return fail(BIGRU_INVALID, "bigru_gru_step: D must be 1, got " + std::to_string(p->layer.D));
  if (B < 0) return fail(BIGRU_INVALID, "bigru_gru_step: B must not be negative, got " + std::to_string(B));
  const double width = static_cast<double>(std::max(p->layer.I, p->layer.H));
  if (too_large({static_cast<double>(B), width})) return fail(BIGRU_INVALID, "bigru_gru_step: the arrays would be too large");
  std::string wrong = B > 0 ? check_present("bigru_gru_step", {{"x", x}, {"h", h}}) : "";
  if (wrong.empty()) wrong = check_apart("bigru_gru_step", {{"h", h, B * p->layer.H}}, {{"x", x, B * p->layer.I}});
  if (!wrong.empty()) return fail(BIGRU_INVALID, wrong);
  return guarded("bigru_gru_step", [&] {
    for (int64_t from = 0; from < B; from += kStepRows)
      step_rows(*p, std::min(kStepRows, B - from), x + from * p->layer.I, h + from * p->layer.H);
    return int{BIGRU_OK};
  });
}

}  // extern "C"
