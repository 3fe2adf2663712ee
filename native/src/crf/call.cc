#include "call.h"

#include <algorithm>
#include <cmath>

#include "../cpu/machine.h"

namespace bigru {
namespace {

constexpr double kSmallestShare = 1e6;  // multiply-adds for which helpers are woken

constexpr int64_t kMostSequences = int64_t{1} << 30;  // tasks are counted in an int

bool batch_too_large(const bigru_crf_batch& b) {
  const double K = static_cast<double>(b.K), scores = 1e3 * K;  // [K, K] arrays take 1e12 numbers at most
  return b.B > kMostSequences || too_large({scores, K + 16}) ||
         too_large({static_cast<double>(b.B), static_cast<double>(b.T), 3 * (K + 16)});
}

std::string check_batch(const bigru_crf_batch& b) {
  if (b.B < 0) return "B must not be negative, got " + std::to_string(b.B);
  if (b.T < 0) return "T must not be negative, got " + std::to_string(b.T);
  if (b.K < 1) return "K must be at least 1, got " + std::to_string(b.K);
  if (batch_too_large(b)) return "the arrays would be too large";
  if (b.threads < 0) return "threads must not be negative, got " + std::to_string(b.threads);
  if (b.threads == 0 && default_threads() == 0) return "BIGRU_THREADS must be a positive number";
  if (!kernels()) return why_no_kernels();
  for (int64_t i = 0; b.lengths && i < b.B; ++i)
    if (b.lengths[i] < 0 || b.lengths[i] > b.T)
      return "lengths[" + std::to_string(i) + "] must be 0.." + std::to_string(b.T) + ", got " +
             std::to_string(b.lengths[i]);
  return "";
}

int threads_of(const bigru_crf_batch& b) {
  if (3.0 * b.B * b.T * b.K * b.K < kSmallestShare) return 1;
  return b.threads > 0 ? b.threads : default_threads();
}

}  // namespace

std::string check_crf(const char* where, const bigru_crf_batch& batch, const bigru_crf_scores* scores) {
  const std::string wrong = check_batch(batch);
  if (!wrong.empty()) return std::string(where) + ": " + wrong;
  if (!scores) return "";
  return check_present(where, {{"transitions", scores->transitions}, {"start", scores->start}, {"end", scores->end}});
}

std::string check_tags(const char* where, const bigru_crf_batch& batch, const int64_t* tags) {
  for (int64_t b = 0; b < batch.B; ++b)
    for (int64_t t = 0; t < length_of(batch, b); ++t) {
      const int64_t tag = tags[b * batch.T + t];
      if (tag < 0 || tag >= batch.K)
        return std::string(where) + ": tags[" + std::to_string(b) + ", " + std::to_string(t) + "] must be 0.." +
               std::to_string(batch.K - 1) + ", got " + std::to_string(tag);
    }
  return "";
}

double path_score(const bigru_crf_batch& batch, const bigru_crf_scores& scores, const float* emissions, int64_t b,
                  const int64_t* path) {
  const int64_t length = length_of(batch, b), K = batch.K;
  if (length == 0) return 0.0;
  const float* e = emissions + b * batch.T * K;
  double score = double{scores.start[path[0]]} + scores.end[path[length - 1]] + e[path[0]];
  for (int64_t t = 1; t < length; ++t)
    score += double{scores.transitions[path[t - 1] * K + path[t]]} + e[t * K + path[t]];
  return score;
}

CrfCall::CrfCall(const bigru_crf_batch& b, const bigru_crf_scores& s, const std::vector<char>* chosen)
    : kernels(bigru::kernels()->crf), shape{b.T, b.K, crf_stride(b.K)}, batch(b),
      scores{s.transitions, s.start, s.end}, threads(threads_of(b)) {
  for (int64_t i = 0; i < b.B; ++i)
    if (length_of(b, i) > 0 && (!chosen || (*chosen)[i])) row.push_back(i);
  const auto longer = [&](int64_t i, int64_t j) { return length_of(b, i) > length_of(b, j); };
  if (b.lengths) std::stable_sort(row.begin(), row.end(), longer);
  for (int64_t i : row) length.push_back(length_of(b, i));
}

CrfRows CrfCall::rows(int group, int64_t size, const int64_t* place) const {
  const int64_t from = group * size, count = std::min<int64_t>(size, static_cast<int64_t>(row.size()) - from);
  return {count, row.data() + from, length.data() + from, place};
}

bool run_posterior(const CrfCall& c, const float* emissions, float* kept, CrfPosterior& to, const CrfFinish& finish) {
  static constexpr int64_t local[kCrfRows] = {0, 1, 2, 3, 4, 5, 6, 7};
  to.log_z.assign(c.batch.B, 0.0);
  to.weak.assign(c.batch.B, 0);
  float* factors = call_memory(c.kernels.factor_floats(c.shape));
  run_tasks(1, 1, [&](int) { c.kernels.factors(c.shape, c.scores, factors); });
  const int64_t sequence = c.shape.T * c.shape.S, scratch = c.kernels.posterior_scratch_floats(c.shape);
  const int64_t all = (kept ? c.batch.B : kCrfRows) * sequence;
  return run_with_memory(c.groups(kCrfRows), c.threads, [&](int group) {
    float* memory = task_memory(scratch + (kept ? 0 : 3 * all));
    float* at = kept ? kept : memory + scratch;
    CrfRows rows = c.rows(group, kCrfRows, local);
    if (kept) rows.place = rows.row;
    c.kernels.posterior({c.shape, rows, factors, emissions, at, at + all, at + 2 * all, to.log_z.data(),
                         to.weak.data(), memory});
    for (int64_t n = 0; n < rows.rows; ++n) {
      float* mine = at + rows.place[n] * sequence;
      if (!to.weak[rows.row[n]]) finish(rows.row[n], {mine, mine + all, mine + 2 * all}, factors);
    }
  });
}

}  // namespace bigru
