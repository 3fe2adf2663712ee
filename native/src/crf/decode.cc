// The CRF's answers: marginals, best paths, and the probability of a stretch.
#include <algorithm>
#include <cmath>

#include "log_space.h"

namespace bigru {
namespace {

std::string check_arrays(const char* where, const bigru_crf_batch& b, const bigru_crf_scores* scores,
                         const float* emissions, const void* written, const void* numbers) {
  std::string wrong = check_present(where, {{"scores", scores}});
  if (wrong.empty()) wrong = check_crf(where, b, scores);
  if (wrong.empty() && b.B > 0) wrong = check_present(where, {{"log_z or path_scores", numbers}});
  if (wrong.empty() && b.B > 0 && b.T > 0)
    wrong = check_present(where, {{"emissions", emissions}, {"output", written}});
  return wrong;
}

std::string check_spans(const char* where, const bigru_crf_batch& b, const bigru_crf_spans& s) {
  const int64_t* tag = s.tags;
  for (int64_t i = 0; i < s.count; ++i) {
    const std::string span = std::string(where) + ": span " + std::to_string(i) + " ";
    if (s.rows[i] < 0 || s.rows[i] >= b.B) return span + "must have a row within 0..B-1, got " + std::to_string(s.rows[i]);
    const int64_t length = length_of(b, s.rows[i]);
    if (s.sizes[i] < 1 || s.starts[i] < 0 || s.sizes[i] > length || s.starts[i] > length - s.sizes[i])
      return span + "must be non-empty and within its sequence, got start " + std::to_string(s.starts[i]) + ", size " +
             std::to_string(s.sizes[i]);
    for (int64_t k = 0; k < s.sizes[i]; ++k, ++tag)
      if (*tag < 0 || *tag >= b.K)
        return span + "must have tags within 0..K-1, got " + std::to_string(*tag);
  }
  return "";
}

// Of a pair, given its first tag; 0 where that underflowed.
double conditional(double pair, double token) { return token == 0.0 ? 0.0 : pair / token; }

// (15) and (16) as a chain of conditional probabilities. token(t, k): the marginal of tag k at t; pair(t, i, j): that of
// tags i at t and j at t + 1.
template <class Token, class Pair>
double span_probability(int64_t K, int64_t length, int64_t start, int64_t size, const int64_t* tags,
                        const uint8_t* continues, Token token, Pair pair) {
  const int64_t last = start + size - 1;
  double p = token(start, tags[0]);
  if (continues && start > 0) {
    p = 0.0;
    for (int64_t i = 0; i < K; ++i)
      if (!continues[i * K + tags[0]]) p += pair(start - 1, i, tags[0]);
  }
  for (int64_t t = start; t < last && p > 0; ++t)
    p *= conditional(pair(t, tags[t - start], tags[t - start + 1]), token(t, tags[t - start]));
  if (continues && last + 1 < length && p > 0) {
    double onward = 0.0;
    for (int64_t j = 0; j < K; ++j)
      if (!continues[tags[size - 1] * K + j]) onward += pair(last, tags[size - 1], j);
    p *= conditional(onward, token(last, tags[size - 1]));
  }
  return p > 1.0 ? 1.0 : p;
}

// The spans of each row, and where each one's tags begin.
struct SpanIndex {
  std::vector<std::vector<int64_t>> of;
  std::vector<int64_t> tags_at;
  std::vector<char> chosen;

  SpanIndex(const bigru_crf_batch& b, const bigru_crf_spans& s) : of(b.B), chosen(b.B, 0) {
    int64_t at = 0;
    for (int64_t i = 0; i < s.count; ++i) {
      of[s.rows[i]].push_back(i);
      chosen[s.rows[i]] = 1;
      tags_at.push_back(at);
      at += s.sizes[i];
    }
  }
};

int spans_within(const bigru_crf_batch& b, const bigru_crf_scores& scores, const float* emissions,
                 const bigru_crf_spans& s, double* probabilities) {
  const SpanIndex index(b, s);
  const CrfCall c(b, scores, &index.chosen);
  CrfPosterior posterior;
  const auto evaluate = [&](int64_t row, auto token, auto pair) {
    for (int64_t i : index.of[row])
      probabilities[i] = span_probability(b.K, length_of(b, row), s.starts[i], s.sizes[i], s.tags + index.tags_at[i],
                                          s.continues, token, pair);
  };
  bool done = run_posterior(c, emissions, nullptr, posterior, [&](int64_t row, const CrfViews& v, const float* factors) {
    const int64_t S = c.shape.S;
    evaluate(
        row, [&](int64_t t, int64_t k) { return double{v.tokens[t * S + k]}; },
        [&](int64_t t, int64_t i, int64_t j) {
          return double{v.begun[t * S + i]} * factors[i * S + j] * v.onward[(t + 1) * S + j];
        });
  });
  done = done && run_exact(c, emissions, posterior, [&](int64_t row, const ExactSequence& e) {
    evaluate(
        row, [&](int64_t t, int64_t k) { return e.token(t, k); },
        [&](int64_t t, int64_t i, int64_t j) { return e.pair(t, i, j); });
  });
  return done ? int{BIGRU_OK} : fail(BIGRU_NO_MEMORY, "bigru_crf_span_marginals: out of memory");
}

}  // namespace
}  // namespace bigru

using namespace bigru;

extern "C" {

int bigru_crf_marginals(const bigru_crf_batch* b, const bigru_crf_scores* scores, const float* emissions,
                        float* marginals, double* log_z) {
  const char* where = "bigru_crf_marginals";
  const std::string wrong = check_arrays(where, *b, scores, emissions, marginals, log_z);
  if (!wrong.empty()) return fail(BIGRU_INVALID, wrong);
  return guarded(where, [&] {
    const CrfCall c(*b, *scores);
    CrfPosterior posterior;
    const auto write = [&](int64_t row, auto token) {
      float* to = marginals + row * b->T * b->K;
      for (int64_t t = 0; t < length_of(*b, row); ++t)
        for (int64_t k = 0; k < b->K; ++k) *to++ = token(t, k);
    };
    bool done = run_posterior(c, emissions, nullptr, posterior, [&](int64_t row, const CrfViews& v, const float*) {
      write(row, [&](int64_t t, int64_t k) { return std::min(v.tokens[t * c.shape.S + k], 1.0f); });
    });
    done = done && run_exact(c, emissions, posterior, [&](int64_t row, const ExactSequence& e) {
      write(row, [&](int64_t t, int64_t k) { return std::min(static_cast<float>(e.token(t, k)), 1.0f); });
    });
    if (!done) return fail(BIGRU_NO_MEMORY, "bigru_crf_marginals: out of memory");
    clear_past_lengths(*b, marginals, b->K);
    std::copy(posterior.log_z.begin(), posterior.log_z.end(), log_z);
    return int{BIGRU_OK};
  });
}

int bigru_crf_viterbi(const bigru_crf_batch* b, const bigru_crf_scores* scores, const float* emissions, int64_t* paths,
                      double* path_scores) {
  const char* where = "bigru_crf_viterbi";
  const std::string wrong = check_arrays(where, *b, scores, emissions, paths, path_scores);
  if (!wrong.empty()) return fail(BIGRU_INVALID, wrong);
  return guarded(where, [&] {
    const CrfCall c(*b, *scores);
    float* padded = call_memory(c.kernels.padded_score_floats(c.shape));
    c.kernels.pad_scores(c.shape, c.scores, padded);
    std::vector<int32_t> non_finite(b->B, 0);
    const bool done = run_with_memory(c.groups(kCrfRows), c.threads, [&](int group) {
      c.kernels.viterbi({c.shape, c.rows(group, kCrfRows, nullptr), padded, emissions, paths, non_finite.data(),
                      task_memory(c.kernels.viterbi_scratch_floats(c.shape))});
    });
    if (!done) return fail(BIGRU_NO_MEMORY, "bigru_crf_viterbi: out of memory");
    clear_past_lengths(*b, paths, 1);
    for (int64_t i = 0; i < b->B; ++i)
      path_scores[i] = non_finite[i] ? NAN : path_score(*b, *scores, emissions, i, paths + i * b->T);
    return int{BIGRU_OK};
  });
}

int bigru_crf_span_marginals(const bigru_crf_batch* b, const bigru_crf_scores* scores, const float* emissions,
                             const bigru_crf_spans* spans, double* probabilities) {
  const char* where = "bigru_crf_span_marginals";
  std::string wrong = check_present(where, {{"spans", spans}});
  if (wrong.empty()) wrong = check_arrays(where, *b, scores, emissions, probabilities, probabilities);
  if (wrong.empty()) wrong = check_spans(where, *b, *spans);
  if (!wrong.empty()) return fail(BIGRU_INVALID, wrong);
  return guarded(where, [&] { return spans_within(*b, *scores, emissions, *spans, probabilities); });
}

}  // extern "C"
