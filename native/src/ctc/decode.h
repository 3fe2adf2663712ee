// What the ways of decoding CTC share. Equations: docs/math/ctc.md.
#pragma once

#include <cmath>
#include <vector>

#include "../crf/call.h"

namespace bigru {

constexpr double kNever = -HUGE_VAL;  // the log of 0

// log(e^a + e^b). What is smaller by e^40 would change no bit.
inline double log_add(double a, double b) {
  const double high = a > b ? a : b, low = a > b ? b : a;
  return low - high > -40.0 ? high + std::log1p(std::exp(low - high)) : high;
}

// The frames of one sequence.
struct CtcFrames {
  const float* logits;  // [length, K]
  int64_t length, K;
  std::vector<double> log_z;

  double log_p(int64_t t, int64_t k) const { return double{logits[t * K + k]} - log_z[t]; }
};

// A labelling and what is added to its log probability to order it by.
struct CtcFound {
  std::vector<int64_t> symbols;
  double extra;
};

// The n best labellings of one sequence, or fewer.
std::vector<CtcFound> ctc_search(const CtcFrames& frames, const bigru_ctc_search& search);

// Empty if the search is sound, otherwise what is wrong with it.
std::string check_search(const char* where, const bigru_ctc_search& search, int64_t K);

}  // namespace bigru
