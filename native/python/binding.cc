// The Python binding: checks arrays against the header's shapes, releases the interpreter lock, calls the C interface.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "bigru.h"

namespace nb = nanobind;
using nb::literals::operator""_a;

namespace {

using Array = nb::ndarray<nb::ro, nb::device::cpu>;  // any type, any shape: what is wrong with it is said by name
using Output = nb::ndarray<nb::device::cpu>;
using Shape = std::vector<int64_t>;
using WeightTuple = std::tuple<Array, Array, std::optional<Array>, std::optional<Array>>;
using GradientTuple = std::tuple<std::optional<Output>, std::optional<Output>, std::optional<Output>, std::optional<Output>>;

std::string text(const Shape& shape) {
  std::string s = "[";
  for (size_t i = 0; i < shape.size(); ++i) s += (i ? ", " : "") + std::to_string(shape[i]);
  return s + "]";
}

template <class A> Shape shape_of(const A& a) {
  Shape shape;
  for (size_t i = 0; i < a.ndim(); ++i) shape.push_back(static_cast<int64_t>(a.shape(i)));
  return shape;
}

template <class A> bool dense(const A& a) {
  int64_t expected = 1;
  bool without_gaps = true;
  for (size_t i = a.ndim(); i-- > 0;) {
    without_gaps = without_gaps && (a.shape(i) < 2 || a.stride(i) == expected);
    expected *= static_cast<int64_t>(a.shape(i));
  }
  return without_gaps || expected == 0;
}

template <class T, class A> T* data(const char* name, const A& a, const Shape& want, const char* type) {
  const Shape got = shape_of(a);
  if (a.dtype() != nb::dtype<std::remove_const_t<T>>() || got != want)
    throw nb::value_error((std::string("bigru._native: ") + name + " must be " + type + " " + text(want) + ", got " +
                           (a.dtype() == nb::dtype<std::remove_const_t<T>>() ? "" : "another type, ") + text(got) +
                           ".").c_str());
  if (!dense(a))
    throw nb::value_error((std::string("bigru._native: ") + name + " must be contiguous. Use numpy.ascontiguousarray.").c_str());
  return static_cast<T*>(const_cast<void*>(static_cast<const void*>(a.data())));
}

const float* in(const char* name, const Array& a, const Shape& want) { return data<const float>(name, a, want, "float32"); }
const float* in(const char* name, const std::optional<Array>& a, const Shape& want) {
  return a ? in(name, *a, want) : nullptr;
}
float* out(const char* name, const Output& a, const Shape& want) { return data<float>(name, a, want, "float32"); }
float* out(const char* name, const std::optional<Output>& a, const Shape& want) {
  return a ? out(name, *a, want) : nullptr;
}

// A layer's sizes as its arrays tell them.
struct Call {
  bigru_gru_layer layer{};
  std::vector<bigru_gru_weights> weights;

  Call(const std::vector<WeightTuple>& given, const std::vector<bool>& reverse, bool reset_after) {
    if (given.empty() || given.size() > 2) throw nb::value_error("bigru._native: weights must hold 1 or 2 directions.");
    if (reverse.size() != given.size()) throw nb::value_error("bigru._native: reverse must have one flag per direction.");
    const Array& first = std::get<0>(given[0]);
    const Array& second = std::get<1>(given[0]);
    if (first.ndim() != 2 || second.ndim() != 2) throw nb::value_error("bigru._native: weights must be matrices.");
    layer.D = static_cast<int32_t>(given.size());
    layer.I = static_cast<int64_t>(first.shape(1));
    layer.H = static_cast<int64_t>(second.shape(1));
    layer.reset_after = reset_after;
    for (size_t d = 0; d < given.size(); ++d) {
      layer.reverse[d] = reverse[d];
      const auto& [w_ih, w_hh, b_ih, b_hh] = given[d];
      const int64_t gates = 3 * layer.H;
      weights.push_back({in("weight_ih", w_ih, {gates, layer.I}), in("weight_hh", w_hh, {gates, layer.H}),
                         in("bias_ih", b_ih, {gates}), in("bias_hh", b_hh, {gates})});
    }
  }

  void batch(const Array& x, const std::optional<Array>& lengths, int threads) {
    if (x.ndim() != 3) throw nb::value_error("bigru._native: x must have three dimensions, [B, T, I].");
    layer.B = static_cast<int64_t>(x.shape(0));
    layer.T = static_cast<int64_t>(x.shape(1));
    layer.threads = threads;
    layer.lengths = lengths ? data<const int64_t>("lengths", *lengths, {layer.B}, "int64") : nullptr;
  }

  Shape input() const { return {layer.B, layer.T, layer.I}; }
  Shape output() const { return {layer.B, layer.T, layer.D * layer.H}; }
  Shape state() const { return {layer.D, layer.B, layer.H}; }
};

void must(int code) {
  if (code == BIGRU_NO_MEMORY) throw std::bad_alloc();
  if (code != BIGRU_OK) throw nb::value_error(bigru_last_error());
}

int64_t gate_floats(const bigru_gru_layer& layer) {
  const int64_t floats = bigru_gru_gate_floats(&layer);
  if (floats < 0) must(BIGRU_INVALID);
  return floats;
}

// Memory for the gates of a batch. It goes back to the library when Python lets go of the array.
nb::ndarray<nb::numpy, float, nb::ndim<1>> gru_gates(int64_t B, int64_t T, int64_t I, int64_t H, int D,
                                                     const std::optional<Array>& lengths) {
  bigru_gru_layer layer{};
  layer.B = B, layer.T = T, layer.I = I, layer.H = H, layer.D = D;
  layer.lengths = lengths ? data<const int64_t>("lengths", *lengths, {B}, "int64") : nullptr;
  const int64_t floats = gate_floats(layer);
  float* memory = bigru_take_floats(floats);
  if (!memory) throw std::bad_alloc();
  nb::capsule owner(memory, [](void* p) noexcept { bigru_give_floats(static_cast<float*>(p)); });
  return nb::ndarray<nb::numpy, float, nb::ndim<1>>(memory, {static_cast<size_t>(floats)}, owner);
}

void gru_forward(const std::vector<WeightTuple>& weights, const std::vector<bool>& reverse, bool reset_after, int threads,
                 const Array& x, const std::optional<Array>& lengths, const std::optional<Array>& h0, const Output& y,
                 const Output& h_n, const std::optional<Output>& gates) {
  Call c(weights, reverse, reset_after);
  c.batch(x, lengths, threads);
  const float* x_in = in("x", x, c.input());
  const float* h0_in = in("h0", h0, c.state());
  float* y_out = out("y", y, c.output());
  float* h_n_out = out("h_n", h_n, c.state());
  float* gates_out = gates ? out("gates", *gates, {gate_floats(c.layer)}) : nullptr;
  nb::gil_scoped_release release;
  must(bigru_gru_forward(&c.layer, c.weights.data(), x_in, h0_in, y_out, h_n_out, gates_out));
}

void gru_backward(const std::vector<WeightTuple>& weights, const std::vector<bool>& reverse, bool reset_after, int threads,
                  const Array& x, const std::optional<Array>& lengths, const std::optional<Array>& h0, const Array& y,
                  const Array& gates, const std::optional<Array>& dy, const std::optional<Array>& dh_n,
                  const std::optional<Output>& dx, const std::optional<Output>& dh0,
                  const std::optional<std::vector<GradientTuple>>& gradients) {
  Call c(weights, reverse, reset_after);
  c.batch(x, lengths, threads);
  const bigru_gru_layer& l = c.layer;
  std::vector<bigru_gru_gradients> to;
  if (gradients) {
    if (gradients->size() != weights.size()) throw nb::value_error("bigru._native: gradients must match weights.");
    for (const auto& [w_ih, w_hh, b_ih, b_hh] : *gradients)
      to.push_back({out("weight_ih", w_ih, {3 * l.H, l.I}), out("weight_hh", w_hh, {3 * l.H, l.H}),
                    out("bias_ih", b_ih, {3 * l.H}), out("bias_hh", b_hh, {3 * l.H})});
  }
  const float* arrays[] = {in("x", x, c.input()), in("h0", h0, c.state()), in("y", y, c.output()),
                           in("gates", gates, {gate_floats(l)}), in("dy", dy, c.output()), in("dh_n", dh_n, c.state())};
  float* dx_out = out("dx", dx, c.input());
  float* dh0_out = out("dh0", dh0, c.state());
  nb::gil_scoped_release release;
  must(bigru_gru_backward(&c.layer, c.weights.data(), arrays[0], arrays[1], arrays[2], arrays[3], arrays[4], arrays[5],
                          dx_out, dh0_out, gradients ? to.data() : nullptr));
}

class Prepared {
 public:
  Prepared(const std::vector<WeightTuple>& weights, const std::vector<bool>& reverse, bool reset_after)
      : call_(weights, reverse, reset_after), prepared_(bigru_gru_prepare(&call_.layer, call_.weights.data())) {
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

std::vector<std::tuple<std::string, bool>> instruction_sets() {
  std::vector<std::tuple<std::string, bool>> sets;
  int runs = 0;
  for (int i = 0; const char* name = bigru_isa_built(i, &runs); ++i) sets.emplace_back(name, runs != 0);
  return sets;
}

void vector_math(const std::string& function, const Array& x, const Output& y) {
  const Shape shape = shape_of(x);
  if (shape.size() != 1 || (function != "sigmoid" && function != "tanh"))
    throw nb::value_error("bigru._native: vector_math wants 'sigmoid' or 'tanh' and one dimension.");
  must(bigru_vector_math(function == "tanh", in("x", x, shape), out("y", y, shape), shape[0]));
}

}  // namespace

void bind_peak(nb::module_& m);

NB_MODULE(_native, m) {
  m.doc() = "bigru's compiled kernels; bigru.ops.gru.native is the face to use.";
  m.def("isa", [] {
    const char* name = bigru_isa();
    return name ? std::optional<std::string>(name) : std::nullopt;
  });
  m.def("instruction_sets", instruction_sets);
  m.def("threads", bigru_threads);
  m.def("vector_math", vector_math, "function"_a, "x"_a.noconvert(), "y"_a.noconvert());
  m.def("gru_gates", gru_gates, "B"_a, "T"_a, "I"_a, "H"_a, "D"_a, "lengths"_a.none());
  m.def("gru_forward", gru_forward, "weights"_a, "reverse"_a, "reset_after"_a, "threads"_a, "x"_a.noconvert(),
        "lengths"_a.none(), "h0"_a.none(), "y"_a.noconvert(), "h_n"_a.noconvert(), "gates"_a.none());
  m.def("gru_backward", gru_backward, "weights"_a, "reverse"_a, "reset_after"_a, "threads"_a, "x"_a.noconvert(),
        "lengths"_a.none(), "h0"_a.none(), "y"_a.noconvert(), "gates"_a.noconvert(), "dy"_a.none(), "dh_n"_a.none(),
        "dx"_a.none(), "dh0"_a.none(), "gradients"_a.none());
  nb::class_<Prepared>(m, "Prepared")
      .def(nb::init<const std::vector<WeightTuple>&, const std::vector<bool>&, bool>(), "weights"_a, "reverse"_a,
           "reset_after"_a)
      .def("infer", &Prepared::infer, "x"_a, "lengths"_a.none(), "h0"_a.none(), "y"_a, "h_n"_a, "threads"_a)
      .def("step", &Prepared::step, "x"_a, "h"_a);
  bind_peak(m);
}
