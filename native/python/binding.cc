// The Python binding: checks arrays against the header's shapes, releases the interpreter lock, calls the C interface.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "arrays.h"

using nb::literals::operator""_a;
using namespace bigru_python;

void bind_crf(nb::module_& m);
void bind_ctc(nb::module_& m);
void bind_product_rate(nb::module_& m);
void bind_embedding(nb::module_& m);

namespace {

using WeightTuple = std::tuple<Array, Array, std::optional<Array>, std::optional<Array>>;
using GradientTuple = std::tuple<std::optional<Output>, std::optional<Output>, std::optional<Output>, std::optional<Output>>;

// A layer's sizes as its arrays tell them.
struct Call {
  bigru_gru_layer layer{};
  std::vector<bigru_gru_weights> weights;

  Call(const std::vector<WeightTuple>& given, const std::vector<bool>& reverse, bool reset_after,
       const std::string& precision) {
    if (given.empty() || given.size() > 2) throw nb::value_error("bigru._native: weights must hold 1 or 2 directions.");
    if (reverse.size() != given.size()) throw nb::value_error("bigru._native: reverse must have one flag per direction.");
    const Array& first = std::get<0>(given[0]);
    const Array& second = std::get<1>(given[0]);
    if (first.ndim() != 2 || second.ndim() != 2) throw nb::value_error("bigru._native: weights must be matrices.");
    layer.D = static_cast<int32_t>(given.size());
    layer.I = static_cast<int64_t>(first.shape(1));
    layer.H = static_cast<int64_t>(second.shape(1));
    layer.reset_after = reset_after;
    layer.precision = precision_of(precision);
    for (size_t d = 0; d < given.size(); ++d) {
      layer.reverse[d] = reverse[d];
      const auto& [w_ih, w_hh, b_ih, b_hh] = given[d];
      const int64_t gates = times(3, layer.H);
      weights.push_back({in("weight_ih", w_ih, {gates, layer.I}), in("weight_hh", w_hh, {gates, layer.H}),
                         in("bias_ih", b_ih, {gates}), in("bias_hh", b_hh, {gates})});
    }
  }

  void batch(const Array& x, const std::optional<Array>& lengths, int threads, bool time_first = false) {
    if (x.ndim() != 3) throw nb::value_error("bigru._native: x must have three dimensions, [B, T, I] or [T, B, I].");
    layer.time_first = time_first;
    layer.B = static_cast<int64_t>(x.shape(time_first ? 1 : 0));
    layer.T = static_cast<int64_t>(x.shape(time_first ? 0 : 1));
    layer.threads = threads;
    layer.lengths = lengths ? data<const int64_t>("lengths", *lengths, {layer.B}, "int64") : nullptr;
  }

  Shape steps(int64_t columns) const {
    return layer.time_first ? Shape{layer.T, layer.B, columns} : Shape{layer.B, layer.T, columns};
  }
  Shape input() const { return steps(layer.I); }
  Shape output() const { return steps(times(layer.D, layer.H)); }
  Shape state() const { return {layer.D, layer.B, layer.H}; }
};

int64_t gate_floats(const bigru_gru_layer& layer) {
  const int64_t floats = bigru_gru_gate_floats(&layer);
  if (floats < 0) must(BIGRU_INVALID);
  return floats;
}

// Gates may be more than lengths make necessary, so that their number can depend on the shape of a batch alone.
template <class A> Shape at_least(const A& gates, int64_t floats) {
  return {gates.ndim() == 1 ? std::max(static_cast<int64_t>(gates.shape(0)), floats) : floats};
}

// Memory for the gates of a batch. It goes back to the library when Python lets go of the array.
nb::ndarray<nb::numpy, float, nb::ndim<1>> gru_gates(int64_t B, int64_t T, int64_t I, int64_t H, int D,
                                                     const std::optional<Array>& lengths) {
  bigru_gru_layer layer{};
  layer.B = B, layer.T = T, layer.I = I, layer.H = H, layer.D = D;
  layer.lengths = lengths ? data<const int64_t>("lengths", *lengths, {B}, "int64") : nullptr;
  const int64_t floats = gate_floats(layer);
  float* memory = bigru_alloc_floats(floats);
  if (!memory) throw std::bad_alloc();
  nb::capsule owner(memory, [](void* p) noexcept { bigru_free_floats(static_cast<float*>(p)); });
  return nb::ndarray<nb::numpy, float, nb::ndim<1>>(memory, {static_cast<size_t>(floats)}, owner);
}

void gru_forward(const std::vector<WeightTuple>& weights, const std::vector<bool>& reverse, bool reset_after,
                 const std::string& precision, int threads, bool time_first, const Array& x,
                 const std::optional<Array>& lengths, const std::optional<Array>& h0, const Output& y,
                 const Output& h_n, const std::optional<Output>& gates) {
  Call c(weights, reverse, reset_after, precision);
  c.batch(x, lengths, threads, time_first);
  const float* x_in = in("x", x, c.input());
  const float* h0_in = in("h0", h0, c.state());
  float* y_out = out("y", y, c.output());
  float* h_n_out = out("h_n", h_n, c.state());
  float* gates_out = gates ? out("gates", *gates, at_least(*gates, gate_floats(c.layer))) : nullptr;
  nb::gil_scoped_release release;
  must(bigru_gru_forward(&c.layer, c.weights.data(), x_in, h0_in, y_out, h_n_out, gates_out));
}

void gru_backward(const std::vector<WeightTuple>& weights, const std::vector<bool>& reverse, bool reset_after,
                  const std::string& precision, int threads, bool time_first, const Array& x,
                  const std::optional<Array>& lengths, const std::optional<Array>& h0, const Array& y, const Array& gates,
                  const std::optional<Array>& dy, const std::optional<Array>& dh_n,
                  const std::optional<Output>& dx, const std::optional<Output>& dh0,
                  const std::optional<std::vector<GradientTuple>>& gradients) {
  Call c(weights, reverse, reset_after, precision);
  c.batch(x, lengths, threads, time_first);
  const bigru_gru_layer& l = c.layer;
  std::vector<bigru_gru_gradients> to;
  if (gradients) {
    if (gradients->size() != weights.size()) throw nb::value_error("bigru._native: gradients must match weights.");
    const int64_t rows = times(3, l.H);
    for (const auto& [w_ih, w_hh, b_ih, b_hh] : *gradients)
      to.push_back({out("weight_ih", w_ih, {rows, l.I}), out("weight_hh", w_hh, {rows, l.H}),
                    out("bias_ih", b_ih, {rows}), out("bias_hh", b_hh, {rows})});
  }
  const float* arrays[] = {in("x", x, c.input()),   in("h0", h0, c.state()),
                           in("y", y, c.output()),  in("gates", gates, at_least(gates, gate_floats(l))),
                           in("dy", dy, c.output()), in("dh_n", dh_n, c.state())};
  float* dx_out = out("dx", dx, c.input());
  float* dh0_out = out("dh0", dh0, c.state());
  nb::gil_scoped_release release;
  must(bigru_gru_backward(&c.layer, c.weights.data(), arrays[0], arrays[1], arrays[2], arrays[3], arrays[4], arrays[5],
                          dx_out, dh0_out, gradients ? to.data() : nullptr));
}

class Prepared {
 public:
  Prepared(const std::vector<WeightTuple>& weights, const std::vector<bool>& reverse, bool reset_after,
           const std::string& precision)
      : call_(weights, reverse, reset_after, precision), prepared_(bigru_gru_prepare(&call_.layer, call_.weights.data())) {
    if (!prepared_) must(BIGRU_INVALID);
  }
  ~Prepared() { bigru_gru_release(prepared_); }
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;

  void infer(const Array& x, const std::optional<Array>& lengths, const std::optional<Array>& h0, const Output& y,
             const Output& h_n, int threads) const {
    Call c = call_;
    c.batch(x, lengths, threads);
    const float* x_in = in("x", x, c.input());
    const float* h0_in = in("h0", h0, c.state());
    float* y_out = out("y", y, c.output());
    float* h_n_out = out("h_n", h_n, c.state());
    nb::gil_scoped_release release;
    must(bigru_gru_infer(prepared_, &c.layer, x_in, h0_in, y_out, h_n_out));
  }

  // So short that giving up the interpreter lock would cost more than it takes.
  void step(const Array& x, const Output& h) const {
    const int64_t B = x.ndim() == 2 ? static_cast<int64_t>(x.shape(0)) : 0;
    must(bigru_gru_step(prepared_, B, in("x", x, {B, call_.layer.I}), out("h", h, {B, call_.layer.H})));
  }

 private:
  Call call_;
  bigru_gru_prepared* prepared_;
};

void use_isa(const std::optional<std::string>& name) { must(bigru_use_isa(name ? name->c_str() : nullptr)); }

std::vector<std::tuple<std::string, bool>> instruction_sets() {
  std::vector<std::tuple<std::string, bool>> sets;
  int runs = 0;
  for (int i = 0; const char* name = bigru_isa_built(i, &runs); ++i) sets.emplace_back(name, runs != 0);
  return sets;
}

void vector_math(const std::string& function, const Array& x, const Output& y) {
  const Shape shape = shape_of(x);
  const std::vector<std::string> known = {"sigmoid", "tanh", "exp", "log"};
  const auto found = std::find(known.begin(), known.end(), function);
  if (shape.size() != 1 || found == known.end())
    throw nb::value_error("bigru._native: vector_math wants 'sigmoid', 'tanh', 'exp' or 'log' and one dimension.");
  const int number = static_cast<int>(found - known.begin());
  must(bigru_vector_math(number, in("x", x, shape), out("y", y, shape), shape[0]));
}

}  // namespace

NB_MODULE(_native, m) {
  nb::set_leak_warnings(false);  // a model that lives until the interpreter ends is no leak
  m.doc() = "bigru's compiled kernels; bigru.ops.gru.native is the face to use.";
  m.def("isa", [] {
    const char* name = bigru_isa();
    return name ? std::optional<std::string>(name) : std::nullopt;
  });
  m.def("use_isa", use_isa, "name"_a.none());
  m.def("instruction_sets", instruction_sets);
  m.def("threads", bigru_threads);
  m.def("vector_math", vector_math, "function"_a, "x"_a.noconvert(), "y"_a.noconvert());
  m.def("gru_gates", gru_gates, "B"_a, "T"_a, "I"_a, "H"_a, "D"_a, "lengths"_a.none());
  m.def("gru_forward", gru_forward, "weights"_a, "reverse"_a, "reset_after"_a, "precision"_a, "threads"_a,
        "time_first"_a, "x"_a.noconvert(), "lengths"_a.none(), "h0"_a.none(), "y"_a.noconvert(), "h_n"_a.noconvert(),
        "gates"_a.none());
  m.def("gru_backward", gru_backward, "weights"_a, "reverse"_a, "reset_after"_a, "precision"_a, "threads"_a,
        "time_first"_a, "x"_a.noconvert(), "lengths"_a.none(), "h0"_a.none(), "y"_a.noconvert(), "gates"_a.noconvert(),
        "dy"_a.none(), "dh_n"_a.none(), "dx"_a.none(), "dh0"_a.none(), "gradients"_a.none());
  nb::class_<Prepared>(m, "Prepared")
      .def(nb::init<const std::vector<WeightTuple>&, const std::vector<bool>&, bool, const std::string&>(), "weights"_a,
           "reverse"_a, "reset_after"_a, "precision"_a)
      .def("infer", &Prepared::infer, "x"_a, "lengths"_a.none(), "h0"_a.none(), "y"_a, "h_n"_a, "threads"_a)
      .def("step", &Prepared::step, "x"_a, "h"_a);
  bind_crf(m);
  bind_ctc(m);
  bind_product_rate(m);
  bind_embedding(m);
}
