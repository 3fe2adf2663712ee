// CTC's part of the binding; bigru.ops.ctc.native is the face to use.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>

#include "arrays.h"

using nb::literals::operator""_a;
using namespace bigru_python;

namespace {

// counts, symbols, starts, ends, confidences, log_probabilities, scores
using Labellings = std::tuple<Output, Output, Output, Output, Output, Output, Output>;
// start, first, symbols, next, log_p, back_off, shorter
using Model = std::tuple<int64_t, Array, Array, Array, Array, Array, Array>;

const int64_t* integers(const char* name, const Array& a, const Shape& want) {
  return data<const int64_t>(name, a, want, "int64");
}
const int32_t* short_integers(const char* name, const Array& a, const Shape& want) {
  return data<const int32_t>(name, a, want, "int32");
}
int64_t length(const Array& a) { return a.ndim() == 1 ? static_cast<int64_t>(a.shape(0)) : 0; }

struct Call {
  bigru_ctc_batch batch{};
  const float* logits;

  Call(const Array& x, const std::optional<Array>& lengths, int threads) {
    if (x.ndim() != 3) throw nb::value_error("bigru._native: logits must have three dimensions, [B, T, K].");
    batch.B = static_cast<int64_t>(x.shape(0));
    batch.T = static_cast<int64_t>(x.shape(1));
    batch.K = static_cast<int64_t>(x.shape(2));
    batch.threads = threads;
    batch.lengths = lengths ? integers("lengths", *lengths, {batch.B}) : nullptr;
    logits = in("logits", x, {batch.B, batch.T, batch.K});
  }

  bigru_ctc_labellings labellings(const Labellings& given, int64_t n) const {
    const auto& [counts, symbols, starts, ends, confidences, log_probabilities, scores] = given;
    const Shape rows = {batch.B, n}, all = {batch.B, n, batch.T};
    return {data<int64_t>("counts", counts, rows, "int64"),
            data<int64_t>("symbols", symbols, all, "int64"),
            data<int64_t>("starts", starts, all, "int64"),
            data<int64_t>("ends", ends, all, "int64"),
            out("confidences", confidences, all),
            data<double>("log_probabilities", log_probabilities, rows, "float64"),
            data<double>("scores", scores, rows, "float64")};
  }
};

bigru_ctc_model model_of(const Model& given) {
  const auto& [start, first, symbols, next, log_p, back_off, shorter] = given;
  const int64_t states = length(back_off), arcs = length(log_p);
  return {states,
          arcs,
          start,
          integers("first", first, {plus(states, 1)}),
          short_integers("symbols", symbols, {arcs}),
          short_integers("next", next, {arcs}),
          in("log_p", log_p, {arcs}),
          in("back_off", back_off, {states}),
          short_integers("shorter", shorter, {states})};
}

void ctc_greedy(const Array& logits, const std::optional<Array>& lengths, int threads, const Labellings& given) {
  const Call c(logits, lengths, threads);
  const bigru_ctc_labellings to = c.labellings(given, 1);
  nb::gil_scoped_release release;
  must(bigru_ctc_greedy(&c.batch, c.logits, &to));
}

void ctc_beam(const Array& logits, const std::optional<Array>& lengths, int threads, int64_t width, int64_t n,
              int64_t candidates, double weight, double bonus, const std::optional<Model>& model, const Labellings& given) {
  const Call c(logits, lengths, threads);
  const bigru_ctc_labellings to = c.labellings(given, n);
  const bigru_ctc_model automaton = model ? model_of(*model) : bigru_ctc_model{};
  const bigru_ctc_search search = {width, n, candidates, weight, bonus, model ? &automaton : nullptr};
  nb::gil_scoped_release release;
  must(bigru_ctc_beam(&c.batch, c.logits, &search, &to));
}

void ctc_align(const Array& logits, const std::optional<Array>& lengths, int threads, const Array& counts,
               const Array& symbols, const Labellings& given) {
  const Call c(logits, lengths, threads);
  const int64_t* count = integers("counts", counts, {c.batch.B});
  const int64_t* of_symbols = integers("symbols", symbols, {c.batch.B, c.batch.T});
  const bigru_ctc_labellings to = c.labellings(given, 1);
  nb::gil_scoped_release release;
  must(bigru_ctc_align(&c.batch, c.logits, count, of_symbols, &to));
}

}  // namespace

void bind_ctc(nb::module_& m) {
  m.def("ctc_greedy", ctc_greedy, "logits"_a.noconvert(), "lengths"_a.none(), "threads"_a, "labellings"_a);
  m.def("ctc_beam", ctc_beam, "logits"_a.noconvert(), "lengths"_a.none(), "threads"_a, "width"_a, "n"_a, "candidates"_a,
        "weight"_a, "bonus"_a, "model"_a.none(), "labellings"_a);
  m.def("ctc_align", ctc_align, "logits"_a.noconvert(), "lengths"_a.none(), "threads"_a, "counts"_a.noconvert(),
        "symbols"_a.noconvert(), "labellings"_a);
}
