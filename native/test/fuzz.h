// What the fuzzers share: checks of calls and arrays, and the loop over the seeds.
#pragma once

#include <inttypes.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "bigru.h"

namespace {

using Floats = std::vector<float>;

constexpr float kUnwritten = std::numeric_limits<float>::quiet_NaN();

// Results begin as NaN: one that a call does not write is found out.
inline Floats unwritten(int64_t count) { return Floats(static_cast<size_t>(count), kUnwritten); }

// Sizes are nothing or one as often as they are anything else, in an eighth of the cases each.
inline int64_t draw_size(std::mt19937& random, int least, int end) {
  const int edge = static_cast<int>(random() % 8);
  return edge < 2 && least + edge < end ? least + edge : least + static_cast<int64_t>(random() % (end - least));
}

// What is read of T steps in each of B sequences: in an eighth of the cases nothing.
inline std::vector<int64_t> draw_lengths(std::mt19937& random, int64_t B, int64_t T) {
  const bool empty = random() % 8 == 0;
  std::vector<int64_t> lengths;
  for (int64_t b = 0; b < B; ++b) lengths.push_back(empty ? 0 : static_cast<int64_t>(random() % (T + 1)));
  return lengths;
}

inline bool zero(const Floats& a) {
  return std::all_of(a.begin(), a.end(), [](float x) { return x == 0.0f; });
}

inline void must(int code) {
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
