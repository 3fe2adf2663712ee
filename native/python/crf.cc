// The CRF's part of the binding; bigru.ops.crf.native is the face to use.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>

#include <algorithm>

#include "arrays.h"

using nb::literals::operator""_a;
using namespace bigru_python;

namespace {

using Scores = std::tuple<Array, Array, Array>;

// A batch's sizes as its arrays tell them.
struct Call {
  bigru_crf_batch batch{};
  bigru_crf_scores scores{};
  const float* emissions;

  Call(const Array& e, const std::optional<Array>& lengths, const Scores& given, int threads) {
    if (e.ndim() != 3) throw nb::value_error("bigru._native: emissions must have three dimensions, [B, T, K].");
    batch.B = static_cast<int64_t>(e.shape(0));
    batch.T = static_cast<int64_t>(e.shape(1));
    batch.K = static_cast<int64_t>(e.shape(2));
    batch.threads = threads;
    batch.lengths = lengths ? integers("lengths", *lengths, {batch.B}) : nullptr;
    emissions = in("emissions", e, shape());
    const auto& [transitions, start, end] = given;
    scores = {in("transitions", transitions, {batch.K, batch.K}), in("start", start, {batch.K}), in("end", end, {batch.K})};
  }

  static const int64_t* integers(const char* name, const Array& a, const Shape& want) {
    return data<const int64_t>(name, a, want, "int64");
  }
  Shape shape() const { return {batch.B, batch.T, batch.K}; }
  Shape steps() const { return {batch.B, batch.T}; }
  int64_t kept() const {
    const int64_t floats = bigru_crf_kept_floats(&batch);
    if (floats < 0) must(BIGRU_INVALID);
    return floats;
  }
};

// Memory lent by the library; it goes back when Python lets go of the array.
nb::ndarray<nb::numpy, float, nb::ndim<1>> lend(int64_t floats) {
  float* memory = bigru_alloc_floats(floats);
  if (!memory) throw std::bad_alloc();
  nb::capsule owner(memory, [](void* p) noexcept { bigru_free_floats(static_cast<float*>(p)); });
  return nb::ndarray<nb::numpy, float, nb::ndim<1>>(memory, {static_cast<size_t>(floats)}, owner);
}

// Losses [B], or [B, T] to have them divided among the steps.
Shape losses_of(const Call& c, size_t dimensions) { return dimensions == 2 ? c.steps() : Shape{c.batch.B}; }

// Writes losses; returns what backward wants, or None.
std::optional<nb::ndarray<nb::numpy, float, nb::ndim<1>>> crf_forward(const Array& emissions,
                                                                     const std::optional<Array>& lengths,
                                                                     const Scores& scores, int threads,
                                                                     const Array& tags, const Output& losses, bool keep) {
  const Call c(emissions, lengths, scores, threads);
  const int64_t* gold = Call::integers("tags", tags, c.steps());
  float* to = out("losses", losses, losses_of(c, losses.ndim()));
  std::optional<nb::ndarray<nb::numpy, float, nb::ndim<1>>> kept;
  if (keep) kept = lend(c.kept());
  float* memory = keep ? kept->data() : nullptr;
  nb::gil_scoped_release release;
  const auto call = losses.ndim() == 2 ? bigru_crf_step_forward : bigru_crf_forward;
  must(call(&c.batch, &c.scores, c.emissions, gold, to, memory));
  return kept;
}

void crf_backward(const Array& emissions, const std::optional<Array>& lengths, const Scores& scores, int threads,
                  const Array& tags, const Array& kept, const Array& d_losses, const std::optional<Output>& d_emissions,
                  const std::optional<Output>& d_transitions, const std::optional<Output>& d_start,
                  const std::optional<Output>& d_end) {
  const Call c(emissions, lengths, scores, threads);
  const int64_t* gold = Call::integers("tags", tags, c.steps());
  const float *memory = in("kept", kept, {c.kept()}), *given = in("d_losses", d_losses, losses_of(c, d_losses.ndim()));
  const int64_t K = c.batch.K;
  float *e = out("d_emissions", d_emissions, c.shape()), *a = out("d_transitions", d_transitions, {K, K});
  float *start = out("d_start", d_start, {K}), *end = out("d_end", d_end, {K});
  nb::gil_scoped_release release;
  const auto call = d_losses.ndim() == 2 ? bigru_crf_step_backward : bigru_crf_backward;
  must(call(&c.batch, &c.scores, c.emissions, gold, memory, given, e, a, start, end));
}

void crf_marginals(const Array& emissions, const std::optional<Array>& lengths, const Scores& scores, int threads,
                   const Output& marginals, const Output& log_z) {
  const Call c(emissions, lengths, scores, threads);
  float* to = out("marginals", marginals, c.shape());
  double* z = data<double>("log_z", log_z, {c.batch.B}, "float64");
  nb::gil_scoped_release release;
  must(bigru_crf_marginals(&c.batch, &c.scores, c.emissions, to, z));
}

void crf_viterbi(const Array& emissions, const std::optional<Array>& lengths, const Scores& scores, int threads,
                 const Output& paths, const Output& path_scores) {
  const Call c(emissions, lengths, scores, threads);
  int64_t* to = data<int64_t>("paths", paths, c.steps(), "int64");
  double* s = data<double>("path_scores", path_scores, {c.batch.B}, "float64");
  nb::gil_scoped_release release;
  must(bigru_crf_viterbi(&c.batch, &c.scores, c.emissions, to, s));
}

void crf_nbest(const Array& emissions, const std::optional<Array>& lengths, const Scores& scores, int threads,
               const Output& paths, const Output& path_scores) {
  const Call c(emissions, lengths, scores, threads);
  const int64_t n = path_scores.ndim() == 2 ? static_cast<int64_t>(path_scores.shape(1)) : 0;
  int64_t* to = data<int64_t>("paths", paths, {c.batch.B, n, c.batch.T}, "int64");
  double* s = data<double>("path_scores", path_scores, {c.batch.B, n}, "float64");
  nb::gil_scoped_release release;
  must(bigru_crf_nbest(&c.batch, &c.scores, c.emissions, n, to, s));
}

void crf_span_marginals(const Array& emissions, const std::optional<Array>& lengths, const Scores& scores, int threads,
                        const Array& rows, const Array& starts, const Array& sizes, const Array& tags,
                        const std::optional<Array>& continues, const Output& probabilities) {
  const Call c(emissions, lengths, scores, threads);
  const int64_t count = rows.ndim() == 1 ? static_cast<int64_t>(rows.shape(0)) : 0, K = c.batch.K;
  const int64_t* size = Call::integers("sizes", sizes, {count});
  int64_t flat = 0;
  for (int64_t i = 0; i < count; ++i) flat = plus(flat, std::max<int64_t>(size[i], 0));
  const bigru_crf_spans spans = {
      count, Call::integers("rows", rows, {count}), Call::integers("starts", starts, {count}), size,
      Call::integers("tags", tags, {flat}), continues ? data<const uint8_t>("continues", *continues, {K, K}, "uint8") : nullptr};
  double* to = data<double>("probabilities", probabilities, {count}, "float64");
  nb::gil_scoped_release release;
  must(bigru_crf_span_marginals(&c.batch, &c.scores, c.emissions, &spans, to));
}

}  // namespace

void bind_crf(nb::module_& m) {
  m.def("crf_forward", crf_forward, "emissions"_a.noconvert(), "lengths"_a.none(), "scores"_a, "threads"_a,
        "tags"_a.noconvert(), "losses"_a.noconvert(), "keep"_a);
  m.def("crf_backward", crf_backward, "emissions"_a.noconvert(), "lengths"_a.none(), "scores"_a, "threads"_a,
        "tags"_a.noconvert(), "kept"_a.noconvert(), "d_losses"_a.noconvert(), "d_emissions"_a.none(),
        "d_transitions"_a.none(), "d_start"_a.none(), "d_end"_a.none());
  m.def("crf_marginals", crf_marginals, "emissions"_a.noconvert(), "lengths"_a.none(), "scores"_a, "threads"_a,
        "marginals"_a.noconvert(), "log_z"_a.noconvert());
  m.def("crf_viterbi", crf_viterbi, "emissions"_a.noconvert(), "lengths"_a.none(), "scores"_a, "threads"_a,
        "paths"_a.noconvert(), "path_scores"_a.noconvert());
  m.def("crf_nbest", crf_nbest, "emissions"_a.noconvert(), "lengths"_a.none(), "scores"_a, "threads"_a,
        "paths"_a.noconvert(), "path_scores"_a.noconvert());
  m.def("crf_span_marginals", crf_span_marginals, "emissions"_a.noconvert(), "lengths"_a.none(), "scores"_a, "threads"_a,
        "rows"_a.noconvert(), "starts"_a.noconvert(), "sizes"_a.noconvert(), "tags"_a.noconvert(), "continues"_a.none(),
        "probabilities"_a.noconvert());
}
