// The n best paths, (14) of docs/math/crf.md, in double: for each tag the n best beginnings that end in it.
#include <algorithm>
#include <cmath>

#include "call.h"

namespace bigru {
namespace {

constexpr double kInfinity = HUGE_VAL;

// Merges K descending lists of n scores into the n greatest of list i + gain(i); of equals the smaller tag, then rank.
// came: tag * n + rank of each.
class Merge {
 public:
  Merge(int64_t K, int64_t n) : K_(K), n_(n), heads_(K), rank_(K) {}

  template <class Gain> void operator()(const double* best, Gain gain, double* to, int64_t* came) {
    for (int64_t i = 0; i < K_; ++i) {
      heads_[i] = best[i * n_] + gain(i);
      rank_[i] = 0;
    }
    for (int64_t r = 0; r < n_; ++r) {
      const int64_t i = std::max_element(heads_.begin(), heads_.end()) - heads_.begin();
      to[r] = heads_[i];
      came[r] = i * n_ + rank_[i];
      const bool more = rank_[i] + 1 < n_;
      if (more) ++rank_[i];
      heads_[i] = more ? best[i * n_ + rank_[i]] + gain(i) : -kInfinity;
    }
  }

 private:
  int64_t K_, n_;
  std::vector<double> heads_;
  std::vector<int64_t> rank_;
};

// paths [n, T] and scores [n] of one sequence that is not empty.
void nbest_of(const CrfCall& c, const float* emissions, int64_t length, int64_t n, int64_t* paths, double* scores) {
  const int64_t K = c.shape.K, T = c.shape.T;
  std::vector<double> best(K * n, -kInfinity), next(K * n);
  std::vector<int64_t> came(length * K * n), last(n);
  Merge merge(K, n);
  if (std::any_of(emissions, emissions + length * K, [](float e) { return !(e < HUGE_VALF); }))
    return std::fill(scores, scores + n, NAN);
  for (int64_t k = 0; k < K; ++k) best[k * n] = double{c.scores.start[k]} + emissions[k];
  for (int64_t t = 1; t < length; ++t) {
    for (int64_t j = 0; j < K; ++j) {
      const auto gain = [&](int64_t i) { return double{c.scores.transitions[i * K + j]}; };
      merge(best.data(), gain, &next[j * n], &came[(t * K + j) * n]);
      for (int64_t r = 0; r < n; ++r) next[j * n + r] += emissions[t * K + j];
    }
    best.swap(next);
  }
  merge(best.data(), [&](int64_t i) { return double{c.scores.end[i]}; }, scores, last.data());
  for (int64_t r = 0; r < n; ++r) {
    if (scores[r] == -kInfinity) continue;
    int64_t place = last[r];
    for (int64_t t = length - 1; t >= 0; --t) {
      paths[r * T + t] = place / n;
      if (t > 0) place = came[t * K * n + place];
    }
  }
}

}  // namespace
}  // namespace bigru

using namespace bigru;

extern "C" int bigru_crf_nbest(const bigru_crf_batch* b, const bigru_crf_scores* scores, const float* emissions,
                               int64_t n, int64_t* paths, double* path_scores) {
  const char* where = "bigru_crf_nbest";
  std::string wrong = check_present(where, {{"scores", scores}});
  if (wrong.empty()) wrong = check_crf(where, *b, scores);
  if (wrong.empty() && n < 1) wrong = std::string(where) + ": n must be at least 1, got " + std::to_string(n);
  const double B = static_cast<double>(b->B), T = static_cast<double>(b->T), K = static_cast<double>(b->K);
  const double many = static_cast<double>(n);
  if (wrong.empty() && (too_large({1e3, many, K, T}) || too_large({B, many, T})))  // 1e12 entries for one sequence
    wrong = std::string(where) + ": n is too large, got " + std::to_string(n);
  if (wrong.empty() && b->B > 0) wrong = check_present(where, {{"path_scores", path_scores}});
  if (wrong.empty() && b->B > 0 && b->T > 0) wrong = check_present(where, {{"emissions", emissions}, {"paths", paths}});
  if (!wrong.empty()) return fail(BIGRU_INVALID, wrong);
  return guarded(where, [&] {
    const CrfCall c(*b, *scores);
    std::fill(paths, paths + b->B * n * b->T, 0);
    std::fill(path_scores, path_scores + b->B * n, -kInfinity);
    for (int64_t i = 0; i < b->B; ++i)
      if (length_of(*b, i) == 0) path_scores[i * n] = 0.0;
    const bool done = run_with_memory(static_cast<int>(c.row.size()), c.threads, [&](int i) {
      const int64_t at = c.row[i];
      nbest_of(c, emissions + at * b->T * b->K, c.length[i], n, paths + at * n * b->T, path_scores + at * n);
    });
    return done ? int{BIGRU_OK} : fail(BIGRU_NO_MEMORY, "bigru_crf_nbest: out of memory");
  });
}
