// The recursions (4) to (8) of docs/math/crf.md in log space and double, for sequences that float32 cannot hold.
#pragma once

#include <vector>

#include "call.h"

namespace bigru {

// out_j = log sum_i exp(in_i + matrix[i, j]) as a product: both factors are exponentiated less their greatest, and an
// entry whose sum is so small that underflow may have taken a part of it is computed again term by term.
class LogProduct {
 public:
  LogProduct(const float* matrix, int64_t K, bool transposed);
  void operator()(const double* in, double* out, double* odds) const;  // odds: [K] to work in

 private:
  int64_t K_;
  std::vector<double> matrix_, factor_, peak_;
};

// The two products of a call.
struct CrfExact {
  LogProduct onward, back;
  explicit CrfExact(const CrfCall& call);
};

// One sequence.
class ExactSequence {
 public:
  ExactSequence(const CrfExact& exact, const CrfCall& call, const float* emissions, int64_t b);
  double log_z() const { return log_z_; }
  double token(int64_t t, int64_t k) const;
  double pair(int64_t t, int64_t i, int64_t j) const;  // tag i at t and j at t + 1
  double log_first(int64_t k) const;                         // of tag k at the start
  double log_next(int64_t t, int64_t i, int64_t j) const;    // of tag j at t + 1, given i at t
  int64_t length() const { return length_; }

 private:
  double share(double score) const;

  const CrfCall& call_;
  const float* emissions_;
  int64_t K_, length_;
  std::vector<double> forward_, backward_;  // [length, K]
  double log_z_;
};

// Runs task(b, its sequence) for all weak sequences and writes their log_z; false if memory ran out.
bool run_exact(const CrfCall& call, const float* emissions, CrfPosterior& posterior,
               const std::function<void(int64_t b, const ExactSequence& sequence)>& task);

}  // namespace bigru
