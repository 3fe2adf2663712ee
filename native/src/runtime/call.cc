#include "call.h"

#include <algorithm>

namespace bigru {
namespace {

thread_local std::string last_error;

bool overlap(const Array& a, const Array& b) {
  return a.data && b.data && a.data < b.data + b.floats && b.data < a.data + a.floats;
}

}  // namespace

int fail(int code, const std::string& message) {
  last_error = message;
  return code;
}

bool too_large(std::initializer_list<double> sizes) {
  double product = 1;
  for (double size : sizes) product *= std::max(size, 1.0);
  return product > 1e15;
}

std::string check_present(const char* where, std::initializer_list<Named> arrays) {
  for (const Named& a : arrays)
    if (!a.data) return std::string(where) + ": " + a.name + " must not be null";
  return "";
}

std::string check_joined(int64_t N, int64_t B, const int64_t* lengths) {
  int64_t left = N;
  for (int64_t b = 0; b < B; ++b) {
    if (lengths[b] < 0 || lengths[b] > left) return "lengths must not be negative and add up to N";
    left -= lengths[b];
  }
  return left ? "lengths must not be negative and add up to N" : "";
}

std::string check_apart(const char* where, std::initializer_list<Array> written, std::initializer_list<Array> read) {
  for (const Array* w = written.begin(); w != written.end(); ++w) {
    for (const Array& r : read)
      if (overlap(*w, r)) return std::string(where) + ": " + w->name + " must not overlap " + r.name;
    for (const Array* other = w + 1; other != written.end(); ++other)
      if (overlap(*w, *other)) return std::string(where) + ": " + w->name + " must not overlap " + other->name;
  }
  return "";
}

}  // namespace bigru

extern "C" const char* bigru_last_error(void) { return bigru::last_error.c_str(); }
