// What the fuzzers share: checks of calls and arrays, and the loop over the seeds.
#pragma once

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "bigru.h"

namespace {

using Floats = std::vector<float>;

void must(int code) {
  if (code == BIGRU_OK) return;
  std::fprintf(stderr, "%s\n", bigru_last_error());
  std::exit(1);
}

template <class T> bool same(const std::vector<T>& a, const std::vector<T>& b) {
  return a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

template <class T> bool finite(const std::vector<T>& a) {
  for (T x : a)
    if (!std::isfinite(x)) return false;
  return true;
}

// Runs holds(seed), which says what failed, for as many seeds as the first argument names; returns main's code.
template <class Holds> int run_seeds(int count, char** arguments, Holds holds) {
  if (!bigru_isa()) {
    std::fprintf(stderr, "skipped: this build or this CPU lacks the instruction set that BIGRU_ISA names\n");
    return 77;  // what CTest takes for skipped
  }
  const unsigned cases = count > 1 ? static_cast<unsigned>(std::atoi(arguments[1])) : 300;
  for (unsigned seed = 0; seed < cases; ++seed)
    if (!holds(seed)) return 1;
  std::printf("%s: %u cases passed\n", bigru_isa(), cases);
  return 0;
}

}  // namespace
