#include "call.h"

#include <algorithm>
#include <cstring>

#include "../cpu/machine.h"

namespace bigru {
namespace {

// Sums of more products of 8-bit numbers could leave 32 bits.
constexpr int64_t kMostInt8 = 65536;

// Helpers are not woken for less work than their waking takes.
constexpr double kSmallestShare = 1e6;  // multiply-adds

int threads_of(const bigru_gru_layer& l) {
  const double work = 3.0 * l.D * l.B * l.T * l.H * (l.I + l.H);
  if (work < kSmallestShare) return 1;
  return l.threads > 0 ? l.threads : default_threads();
}

// (step, row) pairs of a chunk: their projections take about a quarter of a megabyte, so that they stay in the second cache.
int64_t chunk_of(const Kernels& k, int64_t H) {
  const int64_t units = (H + k.lanes - 1) / k.lanes * k.lanes;
  return std::clamp<int64_t>(65536 / (4 * units), 32, 512);
}

std::string check_sizes(const bigru_gru_layer& l) {
  if (l.B < 0) return "B must not be negative, got " + std::to_string(l.B);
  if (l.T < 0) return "T must not be negative, got " + std::to_string(l.T);
  if (l.I < 1) return "I must be at least 1, got " + std::to_string(l.I);
  if (l.H < 1) return "H must be at least 1, got " + std::to_string(l.H);
  if (l.D != 1 && l.D != 2) return "D must be 1 or 2, got " + std::to_string(l.D);
  const double B = static_cast<double>(l.B), I = static_cast<double>(l.I), H = static_cast<double>(l.H);
  if (too_large({B, static_cast<double>(l.T), I + 8 * H}) || too_large({H, I + H})) return "the arrays would be too large";
  if (l.precision < 0 || l.precision >= kPrecisions)
    return "precision must be one of BIGRU_FP32, BIGRU_BF16, BIGRU_INT8, got " + std::to_string(l.precision);
  if (l.precision == kInt8 && std::max(l.I, l.H) > kMostInt8)
    return "I and H must be at most " + std::to_string(kMostInt8) + " for int8 sums, got " + std::to_string(std::max(l.I, l.H));
  if (l.threads < 0) return "threads must not be negative, got " + std::to_string(l.threads);
  return "";
}

std::string check_lengths(const bigru_gru_layer& l) {
  if (!l.lengths) return "";
  for (int64_t b = 0; b < l.B; ++b)
    if (l.lengths[b] < 0 || l.lengths[b] > l.T)
      return "lengths[" + std::to_string(b) + "] must be 0.." + std::to_string(l.T) + ", got " +
             std::to_string(l.lengths[b]);
  return "";
}

}  // namespace

std::string check(const char* where, const bigru_gru_layer& l, const Kernels* kernels) {
  std::string wrong = check_sizes(l);
  if (wrong.empty()) wrong = check_lengths(l);
  if (wrong.empty() && !kernels) wrong = why_no_kernels();
  if (wrong.empty() && l.threads == 0 && default_threads() == 0) wrong = "BIGRU_THREADS must be a positive number";
  return wrong.empty() ? wrong : std::string(where) + ": " + wrong;
}

Layer layer_of(const bigru_gru_layer& l) {
  return {l.B, l.T, l.I, l.H, l.D, l.reset_after, l.time_first ? 1 : l.T, l.time_first ? l.B : 1};
}

Weights weights_of(const bigru_gru_weights& w) { return {w.weight_ih, w.weight_hh, w.bias_ih, w.bias_hh}; }

Call::Call(const Kernels& k, const bigru_gru_layer& l)
    : kernels(k), gru(k.gru[l.precision]), layer(layer_of(l)), plan(make_plan(l.B, l.T, l.H, l.lengths)),
      threads(threads_of(l)), tasks(l.D * static_cast<int>(plan.groups.size())), chunk(chunk_of(k, l.H)), given(l) {}

Walk Call::walk(int task, int64_t least_chunk) const {
  return walk_of(plan.groups[group(task)], direction(task), given.reverse[direction(task)], std::max(chunk, least_chunk));
}

int64_t Call::gates_at(int task) const {
  return (direction(task) * plan.gates_at.back() + plan.gates_at[group(task)]) * gate_floats(layer.H);
}

bool Call::streams_gates() const {
  const int64_t most_cached = 8 << 20;  // bytes; a third-level cache lends each core at least half of that
  return given.D * plan.gates_at.back() * gate_floats(layer.H) * int64_t{sizeof(float)} > most_cached;
}

void Call::clear_past_lengths(float* to, int64_t columns) const {
  if (!given.lengths || !to) return;
  // Stretches as long as they are: past each length, or at each step the row.
  const int64_t together = given.time_first ? 1 : given.T;
  for (int64_t b = 0; b < given.B; ++b)
    for (int64_t t = given.lengths[b]; t < given.T; t += together) {
      const int64_t count = std::min(together, given.T - t) * columns;
      std::memset(to + (b * layer.row_stride + t * layer.step_stride) * columns, 0, count * sizeof(float));
    }
}

}  // namespace bigru
