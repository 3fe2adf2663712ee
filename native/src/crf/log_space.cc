#include "log_space.h"

#include <cmath>
#include <memory>

namespace bigru {
namespace {

constexpr double kInfinity = HUGE_VAL;
constexpr double kTiny = 1e-280;  // sums below this may have lost a term to underflow

// The greatest, 0 where all are -inf; NaN is left for the sums to meet.
double peak_of(const double* scores, int64_t count, int64_t stride = 1) {
  double peak = -kInfinity;
  for (int64_t i = 0; i < count; ++i) peak = scores[i * stride] > peak ? scores[i * stride] : peak;
  return peak == -kInfinity ? 0.0 : peak;
}

double log_sum(const std::vector<double>& scores) {
  const double peak = peak_of(scores.data(), static_cast<int64_t>(scores.size()));
  double sum = 0.0;
  for (double score : scores) sum += std::exp(score - peak);
  return std::log(sum) + peak;
}

}  // namespace

LogProduct::LogProduct(const float* matrix, int64_t K, bool transposed) : K_(K), matrix_(K * K), factor_(K * K), peak_(K) {
  for (int64_t i = 0; i < K; ++i)
    for (int64_t j = 0; j < K; ++j) matrix_[i * K + j] = transposed ? matrix[j * K + i] : matrix[i * K + j];
  for (int64_t j = 0; j < K; ++j) peak_[j] = peak_of(matrix_.data() + j, K, K);
  for (int64_t i = 0; i < K; ++i)
    for (int64_t j = 0; j < K; ++j) factor_[i * K + j] = std::exp(matrix_[i * K + j] - peak_[j]);
}

void LogProduct::operator()(const double* in, double* out, double* odds) const {
  const double peak = peak_of(in, K_);
  for (int64_t j = 0; j < K_; ++j) out[j] = 0.0;
  for (int64_t i = 0; i < K_; ++i) {
    odds[i] = std::exp(in[i] - peak);
    const double* row = factor_.data() + i * K_;
    for (int64_t j = 0; j < K_; ++j) out[j] += odds[i] * row[j];
  }
  for (int64_t j = 0; j < K_; ++j) {
    if (!(out[j] < kTiny)) {
      out[j] = std::log(out[j]) + peak + peak_[j];
      continue;
    }
    for (int64_t i = 0; i < K_; ++i) odds[i] = in[i] + matrix_[i * K_ + j];
    const double best = peak_of(odds, K_);
    double sum = 0.0;
    for (int64_t i = 0; i < K_; ++i) sum += std::exp(odds[i] - best);
    out[j] = std::log(sum) + best;
  }
}

CrfExact::CrfExact(const CrfCall& c)
    : onward(c.scores.transitions, c.shape.K, false), back(c.scores.transitions, c.shape.K, true) {}

ExactSequence::ExactSequence(const CrfExact& exact, const CrfCall& c, const float* emissions, int64_t b)
    : call_(c), emissions_(emissions + b * c.shape.T * c.shape.K), K_(c.shape.K), length_(length_of(c.batch, b)),
      forward_(length_ * K_), backward_(length_ * K_) {
  std::vector<double> odds(K_), scores(K_);
  const auto entry = [&](std::vector<double>& v, int64_t t) { return v.data() + t * K_; };
  for (int64_t t = 0; t < length_; ++t) {
    if (t > 0) exact.onward(entry(forward_, t - 1), entry(forward_, t), odds.data());
    for (int64_t k = 0; k < K_; ++k)
      entry(forward_, t)[k] = (t > 0 ? entry(forward_, t)[k] : double{c.scores.start[k]}) + emissions_[t * K_ + k];
  }
  for (int64_t k = 0; k < K_; ++k) {
    entry(backward_, length_ - 1)[k] = c.scores.end[k];
    scores[k] = entry(forward_, length_ - 1)[k] + c.scores.end[k];
  }
  log_z_ = log_sum(scores);
  for (int64_t t = length_ - 2; t >= 0; --t) {
    for (int64_t k = 0; k < K_; ++k) scores[k] = emissions_[(t + 1) * K_ + k] + entry(backward_, t + 1)[k];
    exact.back(scores.data(), entry(backward_, t), odds.data());
  }
}

double ExactSequence::share(double score) const { return log_z_ == -kInfinity ? 0.0 : std::exp(score - log_z_); }

double ExactSequence::token(int64_t t, int64_t k) const { return share(forward_[t * K_ + k] + backward_[t * K_ + k]); }

double ExactSequence::log_first(int64_t k) const {
  const double score = forward_[k] + backward_[k];
  return score == -kInfinity ? score : score - log_z_;
}

double ExactSequence::log_next(int64_t t, int64_t i, int64_t j) const {
  const int64_t next = (t + 1) * K_ + j;
  const double score = double{call_.scores.transitions[i * K_ + j]} + emissions_[next] + backward_[next];
  return score == -kInfinity ? score : score - backward_[t * K_ + i];
}

double ExactSequence::pair(int64_t t, int64_t i, int64_t j) const {
  const int64_t next = (t + 1) * K_ + j;
  return share(forward_[t * K_ + i] + call_.scores.transitions[i * K_ + j] + emissions_[next] + backward_[next]);
}

bool run_exact(const CrfCall& c, const float* emissions, CrfPosterior& posterior,
               const std::function<void(int64_t, const ExactSequence&)>& task) {
  std::vector<int64_t> weak;
  for (int64_t b = 0; b < c.batch.B; ++b)
    if (posterior.weak[b]) weak.push_back(b);
  if (weak.empty()) return true;
  const CrfExact exact(c);
  return run_with_memory(static_cast<int>(weak.size()), c.threads, [&](int i) {
    const ExactSequence sequence(exact, c, emissions, weak[i]);
    posterior.log_z[weak[i]] = sequence.log_z();
    task(weak[i], sequence);
  });
}

}  // namespace bigru
