// Checks of the arrays that Python hands over, against the shapes that the header names.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <optional>
#include <string>
#include <vector>

#include "bigru.h"
#include "view.h"

namespace nb = nanobind;

namespace bigru_python {

using Array = View<nb::ndarray<nb::ro, nb::device::cpu>, false>;  // any type, any shape: what is wrong with it is said by name
using Output = View<nb::ndarray<nb::device::cpu>, true>;
using Shape = std::vector<int64_t>;

inline std::string text(const Shape& shape) {
  std::string s = "[";
  for (size_t i = 0; i < shape.size(); ++i) s += (i ? ", " : "") + std::to_string(shape[i]);
  return s + "]";
}

template <class A> Shape shape_of(const A& a) {
  Shape shape;
  for (size_t i = 0; i < a.ndim(); ++i) shape.push_back(static_cast<int64_t>(a.shape(i)));
  return shape;
}

// Products and sums of sizes that arrays or callers claim: what would leave 64 bits stays the greatest number, which is no
// array's extent. (A view that repeats one entry may claim any shape.)
inline int64_t times(int64_t a, int64_t b) {
  int64_t product;
  return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}
inline int64_t plus(int64_t a, int64_t b) {
  int64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

template <class A> bool dense(const A& a) {
  bool without_gaps = true;
  int64_t expected = 1;
  for (size_t i = a.ndim(); i-- > 0;) {
    if (a.shape(i) == 0) return true;
    without_gaps = without_gaps && (a.shape(i) == 1 || a.stride(i) == expected);
    expected = times(expected, static_cast<int64_t>(a.shape(i)));
  }
  return without_gaps;
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

inline const float* in(const char* name, const Array& a, const Shape& want) { return data<const float>(name, a, want, "float32"); }
inline const float* in(const char* name, const std::optional<Array>& a, const Shape& want) {
  return a ? in(name, *a, want) : nullptr;
}
inline float* out(const char* name, const Output& a, const Shape& want) { return data<float>(name, a, want, "float32"); }
inline float* out(const char* name, const std::optional<Output>& a, const Shape& want) {
  return a ? out(name, *a, want) : nullptr;
}

inline int32_t precision_of(const std::string& name) {
  const char* const names[] = {"fp32", "bf16", "int8"};  // in the order of BIGRU_FP32, BIGRU_BF16, BIGRU_INT8
  for (int32_t i = 0; i < 3; ++i)
    if (name == names[i]) return i;
  throw nb::value_error(("bigru._native: precision must be fp32, bf16 or int8, got " + name + ".").c_str());
}

inline void must(int code) {
  if (code == BIGRU_NO_MEMORY) throw std::bad_alloc();
  if (code != BIGRU_OK) throw nb::value_error(bigru_last_error());
}

}  // namespace bigru_python
