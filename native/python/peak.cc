// Binds the measured rate of products.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <optional>
#include <string>

#include "bigru.h"

namespace nb = nanobind;
using nb::literals::operator""_a;

void bind_peak(nb::module_& m) {
  m.def(
      "product_rate",
      [](const std::string& type, int threads) -> std::optional<double> {
        if (type != "float32" && type != "bfloat16")
          throw nb::value_error("bigru._native: type must be 'float32' or 'bfloat16'.");
        double rate;
        {
          nb::gil_scoped_release release;
          rate = bigru_product_rate(type == "float32" ? BIGRU_FLOAT32 : BIGRU_BFLOAT16, threads);
        }
        if (rate < 0) throw nb::value_error(bigru_last_error());
        return rate > 0 ? std::optional<double>(rate) : std::nullopt;
      },
      "type"_a, "threads"_a);
}
