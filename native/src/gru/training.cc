// Training: forward that keeps its gates, and backward.
#include "call.h"

namespace bigru {
namespace {

// A chunk of backward has at least so many (step, row) pairs: the sums of dW, too large for a cache when H is, are read
// and written once for each chunk.
constexpr int64_t kBackwardChunk = 128;

int64_t all_gate_floats(const bigru_gru_layer& l) {
  int64_t pairs = l.lengths ? 0 : l.B * l.T;
  for (int64_t b = 0; l.lengths && b < l.B; ++b) pairs += l.lengths[b];
  return l.D * pairs * gate_floats(l.H);
}

// Whole numbers have no gradient.
std::string check_training(const char* where, const bigru_gru_layer& l, const Kernels* kernels) {
  const std::string wrong = check(where, l, kernels);
  return wrong.empty() && l.precision == BIGRU_INT8 ? std::string(where) + ": precision int8 is for prepared weights only" : wrong;
}

std::string check_weights(const char* where, const bigru_gru_layer& l, const bigru_gru_weights* weights, const Kernels* kernels) {
  std::string wrong = check_training(where, l, kernels);
  if (wrong.empty()) wrong = check_present(where, {{"weights", weights}});
  for (int d = 0; wrong.empty() && d < l.D; ++d)
    wrong = check_present(where, {{"weight_ih", weights[d].weight_ih}, {"weight_hh", weights[d].weight_hh}});
  return wrong;
}

std::string check_forward(const bigru_gru_layer& l, const bigru_gru_weights* weights, const float* x, const float* h0,
                          const float* y, const float* h_n, const Kernels* kernels) {
  const char* where = "bigru_gru_forward";
  std::string wrong = check_weights(where, l, weights, kernels);
  if (wrong.empty() && l.B > 0) wrong = check_present(where, {{"h_n", h_n}});
  if (wrong.empty() && l.B > 0 && l.T > 0) wrong = check_present(where, {{"x", x}, {"y", y}});
  if (wrong.empty())
    wrong = check_apart(where, {{"y", y, l.B * l.T * l.D * l.H}, {"h_n", h_n, l.D * l.B * l.H}},
                        {{"x", x, l.B * l.T * l.I}, {"h0", h0, l.D * l.B * l.H}});
  return wrong;
}

struct BackwardArrays { const float *x, *h0, *y, *gates, *dy, *dh_n, *dx, *dh0; };

std::string check_backward(const bigru_gru_layer& l, const bigru_gru_weights* weights, const BackwardArrays& a,
                           const bigru_gru_gradients* gradients, const Kernels* kernels) {
  const char* where = "bigru_gru_backward";
  std::string wrong = check_weights(where, l, weights, kernels);
  if (wrong.empty() && l.B > 0 && l.T > 0) wrong = check_present(where, {{"x", a.x}, {"y", a.y}, {"gates", a.gates}});
  const int64_t in = l.B * l.T * l.I, out = l.B * l.T * l.D * l.H, state = l.D * l.B * l.H;
  const Array x = {"x", a.x, in}, y = {"y", a.y, out}, dy = {"dy", a.dy, out}, dx = {"dx", a.dx, in};
  const Array h0 = {"h0", a.h0, state}, dh_n = {"dh_n", a.dh_n, state}, dh0 = {"dh0", a.dh0, state};
  if (wrong.empty()) {
    const Array gates = {"gates", a.gates, all_gate_floats(l)};
    wrong = check_apart(where, {dx, dh0}, {x, h0, y, gates, dy, dh_n});
  }
  for (int d = 0; wrong.empty() && gradients && d < l.D; ++d) {
    const bigru_gru_gradients& g = gradients[d];
    wrong = check_apart(where,
                        {{"the gradient of weight_ih", g.weight_ih, 3 * l.H * l.I},
                         {"that of weight_hh", g.weight_hh, 3 * l.H * l.H},
                         {"that of bias_ih", g.bias_ih, 3 * l.H}, {"that of bias_hh", g.bias_hh, 3 * l.H}},
                        {x, h0, y, dy, dh_n, dx, dh0});
  }
  return wrong;
}

// Working memory that a backward call's tasks share.
struct BackwardMemory {
  int64_t packed_size, sum_size;
  float *packed, *sums, *second_dx;

  BackwardMemory(const Call& c, bool wants_weights, bool wants_dx) {
    const bigru_gru_layer& l = c.given;
    packed_size = c.gru.packed_backward_floats(c.layer);
    sum_size = wants_weights ? c.kernels.weight_sum_floats(c.layer) : 0;
    const int64_t dx_size = wants_dx && l.D == 2 ? l.B * l.T * l.I : 0;
    packed = call_memory(l.D * packed_size + c.tasks * sum_size + dx_size + 1);
    sums = packed + l.D * packed_size;
    second_dx = dx_size ? sums + c.tasks * sum_size : nullptr;
  }
  // The tasks of a direction stand together, so that their sums are added in the order of the groups.
  float* sums_of(const Call& c, int task) const {
    const int groups = static_cast<int>(c.plan.groups.size());
    return sum_size ? sums + (c.direction(task) * groups + c.group(task)) * sum_size : nullptr;
  }
};

void sum_weights(const Call& c, const BackwardMemory& m, const bigru_gru_gradients* gradients) {
  const int groups = static_cast<int>(c.plan.groups.size());
  run_tasks(c.given.D, c.packers(m.sum_size), [&](int d) {
    const bigru_gru_gradients& to = gradients[d];
    c.kernels.sum_weight_gradients(c.layer, m.sums + d * groups * m.sum_size, groups,
                                   {to.weight_ih, to.weight_hh, to.bias_ih, to.bias_hh});
  });
}

void add_second_direction(const Call& c, float* dx, const float* second) {
  const bigru_gru_layer& l = c.given;
  const auto add = [&](int64_t from, int64_t steps) {
    for (int64_t i = from * l.I; i < (from + steps) * l.I; ++i) dx[i] += second[i];
  };
  for (int64_t b = 0; b < l.B; ++b) {
    const int64_t length = l.lengths ? l.lengths[b] : l.T;
    if (!l.time_first) add(b * l.T, length);
    for (int64_t t = 0; l.time_first && t < length; ++t) add(t * l.B + b, 1);
  }
}

}  // namespace
}  // namespace bigru

using namespace bigru;

extern "C" {

int64_t bigru_gru_gate_floats(const bigru_gru_layer* l) {
  const std::string wrong = check("bigru_gru_gate_floats", *l, kernels());
  if (!wrong.empty()) return fail(BIGRU_INVALID, wrong), -1;
  return all_gate_floats(*l);
}

int bigru_gru_forward(const bigru_gru_layer* l, const bigru_gru_weights* weights, const float* x, const float* h0,
                      float* y, float* h_n, float* gates) {
  const Kernels* chosen = kernels();
  std::string wrong = check_forward(*l, weights, x, h0, y, h_n, chosen);
  if (wrong.empty() && reinterpret_cast<uintptr_t>(gates) % 64) wrong = "bigru_gru_forward: gates must be 64-byte aligned";
  if (!wrong.empty()) return fail(BIGRU_INVALID, wrong);
  return guarded("bigru_gru_forward", [&] {
    const Call c(*chosen, *l);
    const int64_t size = c.gru.packed_forward_floats(c.layer);
    float* packed = call_memory(l->D * size);
    run_tasks(l->D, c.packers(size), [&](int d) { c.gru.pack_forward(c.layer, weights_of(weights[d]), packed + d * size); });
    const bool done = run_with_memory(c.tasks, c.threads, [&](int i) {
      const Walk walk = c.walk(i);
      c.gru.forward({c.layer, walk, packed + c.direction(i) * size, x, h0 ? h0 + c.states(i) : nullptr, y,
                         h_n + c.states(i), gates ? gates + c.gates_at(i) : nullptr, c.streams_gates(),
                         task_memory(c.gru.forward_scratch_floats(c.layer, walk))});
    });
    c.clear_past_lengths(y, l->D * l->H);
    return done ? int{BIGRU_OK} : fail(BIGRU_NO_MEMORY, "bigru_gru_forward: out of memory");
  });
}

int bigru_gru_backward(const bigru_gru_layer* l, const bigru_gru_weights* weights, const float* x, const float* h0,
                       const float* y, const float* gates, const float* dy, const float* dh_n, float* dx, float* dh0,
                       const bigru_gru_gradients* gradients) {
  const Kernels* chosen = kernels();
  const std::string wrong = check_backward(*l, weights, {x, h0, y, gates, dy, dh_n, dx, dh0}, gradients, chosen);
  if (!wrong.empty()) return fail(BIGRU_INVALID, wrong);
  return guarded("bigru_gru_backward", [&] {
    const Call c(*chosen, *l);
    const BackwardMemory m(c, gradients, dx);
    run_tasks(l->D, c.packers(m.packed_size), [&](int d) {
      c.gru.pack_backward(c.layer, weights_of(weights[d]), m.packed + d * m.packed_size);
    });
    const bool done = run_with_memory(c.tasks, c.threads, [&](int i) {
      const Walk walk = c.walk(i, kBackwardChunk);
      const int d = c.direction(i);
      c.gru.backward({c.layer, walk, m.packed + d * m.packed_size, x, h0 ? h0 + c.states(i) : nullptr, y,
                          gates + c.gates_at(i), dy, dh_n ? dh_n + c.states(i) : nullptr,
                          d == 0 || !dx ? dx : m.second_dx, dh0 ? dh0 + c.states(i) : nullptr, m.sums_of(c, i),
                          task_memory(c.gru.backward_scratch_floats(c.layer, walk))});
    });
    if (!done) return fail(BIGRU_NO_MEMORY, "bigru_gru_backward: out of memory");
    if (gradients) sum_weights(c, m, gradients);
    if (m.second_dx) add_second_direction(c, dx, m.second_dx);
    c.clear_past_lengths(dx, l->I);
    return int{BIGRU_OK};
  });
}

}  // extern "C"
