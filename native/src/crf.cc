// The CRF's loss and its gradient.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "crf_exact.h"

namespace bigru {
namespace {

constexpr int64_t kMostGroups = 8;                 // each has sums of its own, added in one order
constexpr int64_t kMostSums = int64_t{1} << 24;    // floats of all groups' sums together

// The parts of `kept`.
struct Kept {
  int64_t all;
  float *begun, *onward, *tokens;
  int32_t* weak;

  Kept(const bigru_crf_batch& b, float* kept)
      : all(b.B * b.T * crf_stride(b.K)), begun(kept), onward(kept + all), tokens(kept + 2 * all),
        weak(reinterpret_cast<int32_t*>(kept + 3 * all)) {}
};

std::string check_forward(const bigru_crf_batch& b, const bigru_crf_scores* scores, const float* emissions,
                          const int64_t* tags, const float* losses) {
  const char* where = "bigru_crf_forward";
  std::string wrong = check_present(where, {{"scores", scores}});
  if (wrong.empty()) wrong = check_crf(where, b, scores);
  if (wrong.empty() && b.B > 0) wrong = check_present(where, {{"losses", losses}});
  if (wrong.empty() && b.B > 0 && b.T > 0) wrong = check_present(where, {{"emissions", emissions}, {"tags", tags}});
  if (wrong.empty())
    wrong = check_apart(where, {{"losses", losses, b.B}},
                        {{"emissions", emissions, b.B * b.T * b.K}, {"transitions", scores->transitions, b.K * b.K}});
  return wrong.empty() ? check_tags(where, b, tags) : wrong;
}

bool keep_exact_tokens(const CrfCall& c, const float* emissions, float* kept, CrfPosterior& posterior) {
  return run_exact(c, emissions, posterior, [&](int64_t b, const ExactSequence& sequence) {
    if (!kept) return;
    float* tokens = Kept(c.batch, kept).tokens + b * c.shape.T * c.shape.S;
    for (int64_t t = 0; t < sequence.length(); ++t)
      for (int64_t k = 0; k < c.shape.K; ++k) tokens[t * c.shape.S + k] = static_cast<float>(sequence.token(t, k));
  });
}

// Sums over the sequences of each group: the pairs [K, S], then start and end [2, S].
struct Sums {
  int64_t pairs, size, rows;
  int groups;
  std::vector<float> values;

  Sums(const CrfCall& c, bool wants_pairs)
      : pairs(wants_pairs ? c.shape.K * c.shape.S : 0), size(pairs + 2 * c.shape.S) {
    const int64_t count = static_cast<int64_t>(c.row.size());
    const int64_t most = std::clamp<int64_t>(kMostSums / size, 1, kMostGroups);
    rows = std::max<int64_t>((count + most - 1) / most, kCrfRows);
    groups = c.groups(rows);
    values.assign(groups * size, 0.0f);
  }
  float* of(int group) { return values.data() + group * size; }
  double total(int64_t i) const {
    double sum = 0.0;
    for (int group = 0; group < groups; ++group) sum += values[group * size + i];
    return sum;
  }
};

// [K, K]: what the gold paths use, less what the weak sequences expect.
std::vector<double> counted(const CrfCall& c, const float* emissions, const int64_t* tags, const float* d_losses,
                            const int32_t* weak) {
  const int64_t K = c.shape.K;
  std::vector<double> counts(K * K, 0.0);
  for (int64_t b : c.row) {
    const int64_t* tag = tags + b * c.shape.T;
    for (int64_t t = 1; t < length_of(c.batch, b); ++t) counts[tag[t - 1] * K + tag[t]] += d_losses[b];
  }
  if (std::none_of(weak, weak + c.batch.B, [](int32_t w) { return w != 0; })) return counts;
  const CrfExact exact(c);
  for (int64_t b = 0; b < c.batch.B; ++b) {
    if (!weak[b]) continue;
    const ExactSequence sequence(exact, c, emissions, b);
    for (int64_t t = 0; t + 1 < sequence.length(); ++t)
      for (int64_t i = 0; i < K; ++i)
        for (int64_t j = 0; j < K; ++j) counts[i * K + j] -= d_losses[b] * sequence.pair(t, i, j);
  }
  return counts;
}

void write_edges(const CrfCall& c, const Sums& sums, float* d_start, float* d_end) {
  for (int64_t k = 0; k < c.shape.K; ++k) {
    if (d_start) d_start[k] = static_cast<float>(sums.total(sums.pairs + k));
    if (d_end) d_end[k] = static_cast<float>(sums.total(sums.pairs + c.shape.S + k));
  }
}

}  // namespace
}  // namespace bigru

using namespace bigru;

extern "C" {

int64_t bigru_crf_kept_floats(const bigru_crf_batch* b) {
  const std::string wrong = check_crf("bigru_crf_kept_floats", *b, nullptr);
  if (!wrong.empty()) return fail(BIGRU_INVALID, wrong), -1;
  return 3 * b->B * b->T * crf_stride(b->K) + b->B;
}

int bigru_crf_forward(const bigru_crf_batch* b, const bigru_crf_scores* scores, const float* emissions,
                      const int64_t* tags, float* losses, float* kept) {
  const std::string wrong = check_forward(*b, scores, emissions, tags, losses);
  if (!wrong.empty()) return fail(BIGRU_INVALID, wrong);
  return guarded("bigru_crf_forward", [&] {
    const CrfCall c(*b, *scores);
    CrfPosterior posterior;
    const bool done = run_posterior(c, emissions, kept, posterior, [](int64_t, const CrfViews&, const float*) {});
    if (!done || !keep_exact_tokens(c, emissions, kept, posterior))
      return fail(BIGRU_NO_MEMORY, "bigru_crf_forward: out of memory");
    for (int64_t i = 0; i < b->B; ++i) {
      const double score = path_score(*b, *scores, emissions, i, tags + i * b->T);
      losses[i] = static_cast<float>(score == -HUGE_VAL ? HUGE_VAL : posterior.log_z[i] - score);
    }
    if (kept && b->B) std::memcpy(Kept(*b, kept).weak, posterior.weak.data(), b->B * sizeof(int32_t));
    return int{BIGRU_OK};
  });
}

int bigru_crf_backward(const bigru_crf_batch* b, const bigru_crf_scores* scores, const float* emissions,
                       const int64_t* tags, const float* kept, const float* d_losses, float* d_emissions,
                       float* d_transitions, float* d_start, float* d_end) {
  const char* where = "bigru_crf_backward";
  std::string wrong = check_present(where, {{"scores", scores}});
  if (wrong.empty()) wrong = check_crf(where, *b, scores);
  if (wrong.empty() && b->B > 0) wrong = check_present(where, {{"kept", kept}, {"d_losses", d_losses}});
  if (wrong.empty() && b->B > 0 && b->T > 0) wrong = check_present(where, {{"emissions", emissions}, {"tags", tags}});
  if (wrong.empty()) wrong = check_tags(where, *b, tags);
  if (!wrong.empty()) return fail(BIGRU_INVALID, wrong);
  return guarded(where, [&] {
    const CrfCall c(*b, *scores);
    const Kept k(*b, const_cast<float*>(kept));
    Sums sums(c, d_transitions);
    float* factors = call_memory(c.kernels.factor_floats(c.shape));
    if (d_transitions) run_tasks(1, 1, [&](int) { c.kernels.factors(c.shape, c.scores, factors); });
    run_tasks(sums.groups, c.threads, [&](int group) {
      CrfRows rows = c.rows(group, sums.rows, nullptr);
      rows.place = rows.row;
      float* mine = sums.of(group);
      c.kernels.gradient({c.shape, rows, tags, k.begun, k.onward, k.tokens, k.weak, d_losses, d_emissions,
                          d_start || d_end ? mine + sums.pairs : nullptr, d_transitions ? mine : nullptr});
    });
    if (d_emissions) clear_past_lengths(*b, d_emissions, b->K);
    write_edges(c, sums, d_start, d_end);
    if (!d_transitions) return int{BIGRU_OK};
    const std::vector<double> counts = counted(c, emissions, tags, d_losses, k.weak);
    for (int64_t i = 0; i < b->K; ++i)
      for (int64_t j = 0; j < b->K; ++j) {
        const int64_t at = i * c.shape.S + j;
        d_transitions[i * b->K + j] = static_cast<float>(factors[at] * sums.total(at) - counts[i * b->K + j]);
      }
    return int{BIGRU_OK};
  });
}

}  // extern "C"
