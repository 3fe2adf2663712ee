// The embeddings' part of the binding: look-up, bags, pooling and the buckets of n-grams; bigru.ops.embedding.native is the face to use.
#include "arrays.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

using nb::literals::operator""_a;
using namespace bigru_python;

namespace {

// Tables stay where they are: their arrays are held as long as this is.
class Tables {
 public:
  explicit Tables(const std::vector<std::tuple<nb::object, std::optional<nb::object>>>& given) {
    for (const auto& [rows, scales] : given) {
      const Array array = nb::cast<Array>(rows);
      if (array.ndim() != 2) throw nb::value_error("bigru._native: tables must be matrices.");
      bigru_embedding_table table{};
      table.size = static_cast<int64_t>(array.shape(0));
      table.dim = static_cast<int64_t>(array.shape(1));
      const Shape shape = {table.size, table.dim};
      if (scales) {
        table.quantized = data<const int8_t>("table", array, shape, "int8");
        table.scales = in("scales", nb::cast<Array>(*scales), {table.dim});
        held_.push_back(*scales);
      } else {
        table.values = in("table", array, shape);
      }
      held_.push_back(rows);
      width_ = plus(width_, table.dim);
      tables_.push_back(table);
    }
    if (tables_.empty()) throw nb::value_error("bigru._native: there must be a table.");
  }

  void lookup(const Array& ids, const Array& starts, const Array& lengths, const Output& to) const {
    const bigru_sequences s = sequences(ids, starts, lengths);
    const int64_t T = to.ndim() == 3 ? static_cast<int64_t>(to.shape(1)) : 0;
    const int32_t* ids_in = ids_of(ids, s);
    float* to_out = out("to", to, {s.B, T, width_});
    nb::gil_scoped_release release;
    must(bigru_embedding_lookup(&s, count(), tables_.data(), ids_in, T, to_out));
  }

  void bag(const Array& ids, const Array& starts, const Array& lengths, const Output& to) const {
    const bigru_sequences s = sequences(ids, starts, lengths);
    const int32_t* ids_in = ids_of(ids, s);
    float* to_out = out("to", to, {s.B, tables_[0].dim});
    nb::gil_scoped_release release;
    must(bigru_embedding_bag(&s, count(), tables_.data(), ids_in, to_out));
  }

 private:
  int64_t count() const { return static_cast<int64_t>(tables_.size()); }

  static bigru_sequences sequences(const Array& ids, const Array& starts, const Array& lengths) {
    bigru_sequences s{};
    s.N = ids.ndim() ? static_cast<int64_t>(ids.shape(0)) : 0;
    s.B = lengths.ndim() ? static_cast<int64_t>(lengths.shape(0)) : 0;
    s.starts = data<const int64_t>("starts", starts, {s.B}, "int64");
    s.lengths = data<const int64_t>("lengths", lengths, {s.B}, "int64");
    return s;
  }

  const int32_t* ids_of(const Array& ids, const bigru_sequences& s) const {
    return data<const int32_t>("ids", ids, {s.N, count()}, "int32");
  }

  std::vector<nb::object> held_;
  std::vector<bigru_embedding_table> tables_;
  int64_t width_ = 0;
};

// Writes the columns column .. column + C - 1 of `to` [B, P].
void pool(const Array& values, const Array& lengths, const std::string& pooling, const Output& to, int64_t column) {
  const std::vector<std::string> known = {"max", "mean", "sqrt_n"};  // in the order of BIGRU_POOL_MAX, BIGRU_POOL_MEAN, BIGRU_POOL_SQRT_N
  int number = 0;
  while (number < 3 && known[static_cast<size_t>(number)] != pooling) ++number;
  if (number == 3) throw nb::value_error("bigru._native: pooling must be 'max', 'mean' or 'sqrt_n'.");
  const Shape shape = shape_of(values);
  if (shape.size() != 3) throw nb::value_error("bigru._native: values must have three dimensions, [B, T, C].");
  const int64_t P = to.ndim() == 2 ? static_cast<int64_t>(to.shape(1)) : 0;
  const float* values_in = in("values", values, shape);
  const int64_t* lengths_in = data<const int64_t>("lengths", lengths, {shape[0]}, "int64");
  float* to_out = out("to", to, {shape[0], P});
  if (column < 0 || shape[2] > P || column > P - shape[2]) throw nb::value_error("bigru._native: to must hold the columns.");
  nb::gil_scoped_release release;
  must(bigru_pool(shape[0], shape[1], shape[2], lengths_in, values_in, number, to_out + column, P));
}

// Writes a column of `to` [N, C].
void ngrams(const Array& codes, const Array& lengths, int first, int last, int64_t size, const std::optional<Array>& known,
            const Output& to, int64_t column) {
  const int64_t N = codes.ndim() == 1 ? static_cast<int64_t>(codes.shape(0)) : 0;
  const int64_t B = lengths.ndim() == 1 ? static_cast<int64_t>(lengths.shape(0)) : 0;
  const int64_t C = to.ndim() == 2 ? static_cast<int64_t>(to.shape(1)) : 0;
  const uint64_t* codes_in = data<const uint64_t>("codes", codes, {N}, "uint64");
  const int64_t* lengths_in = data<const int64_t>("lengths", lengths, {B}, "int64");
  int32_t* to_out = data<int32_t>("to", to, {N, C}, "int32");
  if (column < 0 || column >= C) throw nb::value_error("bigru._native: to must hold the column.");
  const int64_t words = known && known->ndim() == 1 ? static_cast<int64_t>(known->shape(0)) : 0;
  const uint64_t* known_in = known ? data<const uint64_t>("known", *known, {words}, "uint64") : nullptr;
  nb::gil_scoped_release release;
  must(bigru_ngram_buckets(N, B, lengths_in, codes_in, first, last, size, known_in, 64 * words, to_out + column, C));
}

// Writes `to` [N, BIGRU_LEXICON_SLOTS, 3].
void lexicon_matches(const Array& codes, const Array& lengths, const Array& symbols, const Array& children, const Array& values,
                     const Output& to) {
  const int64_t N = codes.ndim() == 1 ? static_cast<int64_t>(codes.shape(0)) : 0;
  const int64_t B = lengths.ndim() == 1 ? static_cast<int64_t>(lengths.shape(0)) : 0;
  const int64_t nodes = symbols.ndim() == 1 ? static_cast<int64_t>(symbols.shape(0)) : 0;
  const uint64_t* codes_in = data<const uint64_t>("codes", codes, {N}, "uint64");
  const int64_t* lengths_in = data<const int64_t>("lengths", lengths, {B}, "int64");
  const uint64_t* symbols_in = data<const uint64_t>("symbols", symbols, {nodes}, "uint64");
  const int64_t* children_in = data<const int64_t>("children", children, {plus(nodes, 1)}, "int64");
  const int32_t* values_in = data<const int32_t>("values", values, {nodes}, "int32");
  int32_t* to_out = data<int32_t>("to", to, {N, BIGRU_LEXICON_SLOTS, 3}, "int32");
  nb::gil_scoped_release release;
  must(bigru_lexicon_matches(N, B, lengths_in, codes_in, nodes, symbols_in, children_in, values_in, to_out));
}

}  // namespace

void bind_embedding(nb::module_& m) {
  nb::class_<Tables>(m, "Tables")
      .def(nb::init<const std::vector<std::tuple<nb::object, std::optional<nb::object>>>&>(), "tables"_a)
      .def("lookup", &Tables::lookup, "ids"_a, "starts"_a, "lengths"_a, "to"_a)
      .def("bag", &Tables::bag, "ids"_a, "starts"_a, "lengths"_a, "to"_a);
  m.def("pool", pool, "values"_a, "lengths"_a, "pooling"_a, "to"_a, "column"_a);
  m.def("ngrams", ngrams, "codes"_a, "lengths"_a, "first"_a, "last"_a, "size"_a, "known"_a.none(), "to"_a, "column"_a);
  m.def("lexicon_matches", lexicon_matches, "codes"_a, "lengths"_a, "symbols"_a, "children"_a, "values"_a, "to"_a);
}
