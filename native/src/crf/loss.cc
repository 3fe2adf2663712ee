// The CRF's loss and its gradient.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "log_space.h"

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

std::string check_forward(const char* where, const bigru_crf_batch& b, const bigru_crf_scores* scores,
                          const float* emissions, const int64_t* tags, const float* losses, bool per_step) {
  std::string wrong = check_present(where, {{"scores", scores}});
  if (wrong.empty()) wrong = check_crf(where, b, scores);
  const int64_t count = wrong.empty() ? b.B * (per_step ? b.T : 1) : 0;
  if (wrong.empty() && count > 0) wrong = check_present(where, {{"losses", losses}});
  if (wrong.empty() && b.B > 0 && b.T > 0) wrong = check_present(where, {{"emissions", emissions}, {"tags", tags}});
  if (wrong.empty())
    wrong = check_apart(where, {{"losses", losses, count}},
                        {{"emissions", emissions, b.B * b.T * b.K}, {"transitions", scores->transitions, b.K * b.K}});
  return wrong.empty() ? check_tags(where, b, tags) : wrong;
}

// Ends a forward call: what is kept of the weak sequences, and visit(b, sequence) for each of them.
template <class Visit>
bool finish_exactly(const CrfCall& c, const float* emissions, float* kept, CrfPosterior& posterior, Visit visit) {
  const bool done = run_exact(c, emissions, posterior, [&](int64_t b, const ExactSequence& sequence) {
    visit(b, sequence);
    if (!kept) return;
    float* tokens = Kept(c.batch, kept).tokens + b * c.shape.T * c.shape.S;
    for (int64_t t = 0; t < sequence.length(); ++t)
      for (int64_t k = 0; k < c.shape.K; ++k) tokens[t * c.shape.S + k] = static_cast<float>(sequence.token(t, k));
  });
  if (kept && c.batch.B) std::memcpy(Kept(c.batch, kept).weak, posterior.weak.data(), c.batch.B * sizeof(int32_t));
  return done;
}

constexpr float kUnlikely = 1e-20f;  // true tags below this: what follows from them might be lost

// -log p(y_t | y_t-1) from marginals; false if one is too small to divide by.
bool step_losses(const CrfCall& c, const CrfViews& v, const float* factors, const int64_t* tag, int64_t length,
                 float* to) {
  const int64_t S = c.shape.S;
  for (int64_t t = 0; t < length; ++t) {
    if (!(v.tokens[t * S + tag[t]] >= kUnlikely)) return false;
    double p = v.tokens[tag[0]];
    if (t > 0) {
      const int64_t before = (t - 1) * S + tag[t - 1];
      p = double{v.begun[before]} * factors[tag[t - 1] * S + tag[t]] * v.onward[t * S + tag[t]] / v.tokens[before];
    }
    if (!(p > 0.0)) return false;  // forbidden, or underflow
    to[t] = static_cast<float>(std::max(-std::log(p), 0.0));
  }
  return true;
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

// What each step of a sequence counts in the gradient.
struct Weights {
  const float *losses, *steps;
  int64_t T;
  double operator()(int64_t b, int64_t t) const { return steps ? steps[b * T + t] : losses[b]; }
};

// The recursion of adjoints.h in double. visit_step(t, tokens'), visit_pair(i, j, expected).
template <class Step, class Pair>
void exact_adjoints(const ExactSequence& sequence, int64_t b, int64_t K, const int64_t* tag, const Weights& weight,
                    Step visit_step, Pair visit_pair) {
  std::vector<double> tokens(K), next(K);
  for (int64_t k = 0; k < K; ++k) tokens[k] = weight(b, 0) * sequence.token(0, k);
  visit_step(0, tokens);
  for (int64_t t = 0; t + 1 < sequence.length(); ++t) {
    tokens[tag[t]] += weight(b, t + 1) - weight(b, t);
    std::fill(next.begin(), next.end(), 0.0);
    for (int64_t i = 0; i < K; ++i) {
      if (tokens[i] == 0.0) continue;
      for (int64_t j = 0; j < K; ++j) {
        const double expected = tokens[i] * std::exp(sequence.log_next(t, i, j));
        visit_pair(i, j, expected);
        next[j] += expected;
      }
    }
    tokens.swap(next);
    visit_step(t + 1, tokens);
  }
}

// [K, K]: what the gold paths use, less what the weak sequences expect.
std::vector<double> counted(const CrfCall& c, const CrfExact* exact, const float* emissions, const int64_t* tags,
                            const Weights& weight, const int32_t* weak) {
  const int64_t K = c.shape.K;
  std::vector<double> counts(K * K, 0.0);
  for (int64_t b : c.row) {
    const int64_t* tag = tags + b * c.shape.T;
    for (int64_t t = 1; t < length_of(c.batch, b); ++t) counts[tag[t - 1] * K + tag[t]] += weight(b, t);
    if (!weak[b]) continue;
    const ExactSequence sequence(*exact, c, emissions, b);
    exact_adjoints(sequence, b, K, tag, weight, [](int64_t, const std::vector<double>&) {},
                   [&](int64_t i, int64_t j, double expected) { counts[i * K + j] -= expected; });
  }
  return counts;
}

void write_edges(const CrfCall& c, const Sums& sums, float* d_start, float* d_end) {
  for (int64_t k = 0; k < c.shape.K; ++k) {
    if (d_start) d_start[k] = static_cast<float>(sums.total(sums.pairs + k));
    if (d_end) d_end[k] = static_cast<float>(sums.total(sums.pairs + c.shape.S + k));
  }
}

void write_transitions(const CrfCall& c, const Sums& sums, const float* factors, const std::vector<double>& counts,
                       float* to) {
  const int64_t K = c.shape.K, S = c.shape.S;
  for (int64_t i = 0; i < K; ++i)
    for (int64_t j = 0; j < K; ++j)
      to[i * K + j] = static_cast<float>(factors[i * S + j] * sums.total(i * S + j) - counts[i * K + j]);
}

// The arguments of a backward call.
struct Given {
  const bigru_crf_batch* batch;
  const bigru_crf_scores* scores;
  const float* emissions;
  const int64_t* tags;
  const float* kept;
  Weights weight;
};
struct Wanted { float *emissions, *transitions, *start, *end; };

std::string check_backward(const char* where, const Given& g) {
  const bigru_crf_batch& b = *g.batch;
  const float* weights = g.weight.steps ? g.weight.steps : g.weight.losses;
  std::string wrong = check_present(where, {{"scores", g.scores}});
  if (wrong.empty()) wrong = check_crf(where, b, g.scores);
  if (wrong.empty() && b.B > 0) wrong = check_present(where, {{"kept", g.kept}});
  if (wrong.empty() && b.B > 0 && b.T > 0)
    wrong = check_present(where, {{"emissions", g.emissions}, {"tags", g.tags}, {"d_losses", weights}});
  return wrong.empty() ? check_tags(where, b, g.tags) : wrong;
}

// Working memory of a backward call: the factors, and with weights per step the adjoints [2, B, T, S].
struct BackwardMemory {
  float *factors, *begun, *tokens;

  BackwardMemory(const CrfCall& c, const Kept& kept, bool steps) {
    const int64_t size = c.kernels.factor_floats(c.shape);
    factors = call_memory(size + (steps ? 2 * kept.all : 0));
    begun = steps ? factors + size : kept.begun;
    tokens = steps ? factors + size + kept.all : kept.tokens;
  }
};

// Writes tokens' of the weak sequences among `rows` over what underflow made of them.
void correct_adjoints(const CrfCall& c, const CrfExact* exact, const CrfRows& rows, const Given& g, const Kept& kept,
                      float* tokens) {
  for (int64_t n = 0; n < rows.rows; ++n) {
    const int64_t b = rows.row[n];
    if (!kept.weak[b]) continue;
    const ExactSequence sequence(*exact, c, g.emissions, b);
    const auto write = [&](int64_t t, const std::vector<double>& values) {
      float* to = tokens + (b * c.shape.T + t) * c.shape.S;
      for (double value : values) *to++ = static_cast<float>(value);
    };
    exact_adjoints(sequence, b, c.shape.K, g.tags + b * c.shape.T, g.weight, write, [](int64_t, int64_t, double) {});
  }
}

int backward(const char* where, const Given& g, const Wanted& to) {
  const std::string wrong = check_backward(where, g);
  if (!wrong.empty()) return fail(BIGRU_INVALID, wrong);
  return guarded(where, [&] {
    const CrfCall c(*g.batch, *g.scores);
    const Kept k(*g.batch, const_cast<float*>(g.kept));
    Sums sums(c, to.transitions);
    const BackwardMemory m(c, k, g.weight.steps);
    run_tasks(1, 1, [&](int) { c.kernels.factors(c.shape, c.scores, m.factors); });
    std::unique_ptr<const CrfExact> exact;
    if (std::any_of(k.weak, k.weak + g.batch->B, [](int32_t w) { return w != 0; })) exact.reset(new CrfExact(c));
    const bool done = run_with_memory(sums.groups, c.threads, [&](int group) {
      CrfRows rows = c.rows(group, sums.rows, nullptr);
      rows.place = rows.row;
      float* mine = sums.of(group);
      if (g.weight.steps) {
        c.kernels.adjoints({c.shape, rows, m.factors, g.tags, k.begun, k.onward, k.tokens, g.weight.steps, m.begun,
                            m.tokens});
        correct_adjoints(c, exact.get(), rows, g, k, m.tokens);
      }
      c.kernels.gradient({c.shape, rows, g.tags, m.begun, k.onward, m.tokens, k.weak, g.weight.losses, g.weight.steps,
                          to.emissions, to.start || to.end ? mine + sums.pairs : nullptr,
                          to.transitions ? mine : nullptr});
    });
    if (!done) return fail(BIGRU_NO_MEMORY, std::string(where) + ": out of memory");
    if (to.emissions) clear_past_lengths(*g.batch, to.emissions, g.batch->K);
    write_edges(c, sums, to.start, to.end);
    if (!to.transitions) return int{BIGRU_OK};
    const auto counts = counted(c, exact.get(), g.emissions, g.tags, g.weight, k.weak);
    write_transitions(c, sums, m.factors, counts, to.transitions);
    return int{BIGRU_OK};
  });
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
  const std::string wrong = check_forward("bigru_crf_forward", *b, scores, emissions, tags, losses, false);
  if (!wrong.empty()) return fail(BIGRU_INVALID, wrong);
  return guarded("bigru_crf_forward", [&] {
    const CrfCall c(*b, *scores);
    CrfPosterior posterior;
    const bool done = run_posterior(c, emissions, kept, posterior, [](int64_t, const CrfViews&, const float*) {});
    if (!done || !finish_exactly(c, emissions, kept, posterior, [](int64_t, const ExactSequence&) {}))
      return fail(BIGRU_NO_MEMORY, "bigru_crf_forward: out of memory");
    for (int64_t i = 0; i < b->B; ++i) {
      const double score = path_score(*b, *scores, emissions, i, tags + i * b->T);
      losses[i] = static_cast<float>(score == -HUGE_VAL ? HUGE_VAL : posterior.log_z[i] - score);
    }
    return int{BIGRU_OK};
  });
}

int bigru_crf_step_forward(const bigru_crf_batch* b, const bigru_crf_scores* scores, const float* emissions,
                           const int64_t* tags, float* losses, float* kept) {
  const char* where = "bigru_crf_step_forward";
  const std::string wrong = check_forward(where, *b, scores, emissions, tags, losses, true);
  if (!wrong.empty()) return fail(BIGRU_INVALID, wrong);
  return guarded(where, [&] {
    const CrfCall c(*b, *scores);
    CrfPosterior posterior;
    const auto write = [&](int64_t row, const CrfViews& views, const float* factors) {
      const int64_t* tag = tags + row * b->T;
      posterior.weak[row] = !step_losses(c, views, factors, tag, length_of(*b, row), losses + row * b->T);
    };
    const auto write_exactly = [&](int64_t row, const ExactSequence& sequence) {
      const int64_t* tag = tags + row * b->T;
      for (int64_t t = 0; t < sequence.length(); ++t)
        losses[row * b->T + t] =
            static_cast<float>(-(t > 0 ? sequence.log_next(t - 1, tag[t - 1], tag[t]) : sequence.log_first(tag[0])));
    };
    const bool done = run_posterior(c, emissions, kept, posterior, write);
    if (!done || !finish_exactly(c, emissions, kept, posterior, write_exactly))
      return fail(BIGRU_NO_MEMORY, std::string(where) + ": out of memory");
    clear_past_lengths(*b, losses, 1);
    return int{BIGRU_OK};
  });
}

int bigru_crf_backward(const bigru_crf_batch* b, const bigru_crf_scores* scores, const float* emissions,
                       const int64_t* tags, const float* kept, const float* d_losses, float* d_emissions,
                       float* d_transitions, float* d_start, float* d_end) {
  return backward("bigru_crf_backward", {b, scores, emissions, tags, kept, {d_losses, nullptr, b->T}},
                  {d_emissions, d_transitions, d_start, d_end});
}

int bigru_crf_step_backward(const bigru_crf_batch* b, const bigru_crf_scores* scores, const float* emissions,
                            const int64_t* tags, const float* kept, const float* d_losses, float* d_emissions,
                            float* d_transitions, float* d_start, float* d_end) {
  return backward("bigru_crf_step_backward", {b, scores, emissions, tags, kept, {nullptr, d_losses, b->T}},
                  {d_emissions, d_transitions, d_start, d_end});
}

}  // extern "C"
