// Binds the measured rate of products.
#include "arrays.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

using nb::literals::operator""_a;
using namespace bigru_python;

void bind_product_rate(nb::module_& m) {
  m.def(
      "product_rate",
      [](const std::string& precision, int threads) -> std::optional<double> {
        const int32_t chosen = precision_of(precision);
        double rate;
        {
          nb::gil_scoped_release release;
          rate = bigru_product_rate(chosen, threads);
        }
        if (rate < 0) throw nb::value_error(bigru_last_error());
        return rate > 0 ? std::optional<double>(rate) : std::nullopt;
      },
      "precision"_a, "threads"_a);
}
