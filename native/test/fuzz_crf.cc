// The CRF on random shapes, lengths, scores and threads, on arrays of exactly the size the header names, for the
// sanitizers to watch: nothing is read or written outside them, padding (NaN) never reaches a result, and threads change
// no bit.
#include <limits>
#include <random>

#include "fuzz.h"

namespace {

using Doubles = std::vector<double>;
using Integers = std::vector<int64_t>;

struct Case {
  bigru_crf_batch batch{};
  Integers lengths, tags, rows, starts, sizes, span_tags;
  std::vector<uint8_t> joins;
  Floats emissions, transitions, start, end, d_losses, d_steps;
  int64_t n = 1;
};

struct Results {
  Floats losses, d_emissions, d_transitions, d_start, d_end, marginals;
  Floats steps, step_d_emissions, step_d_transitions, step_d_start, step_d_end;
  Doubles log_z, path_scores, many_scores, spans;
  Integers paths, many;
};

Floats random_floats(std::mt19937& random, int64_t count, float scale) {
  std::normal_distribution<float> value(0.0f, scale);
  Floats a(count);
  for (float& x : a) x = value(random);
  return a;
}

void add_spans(Case& c, std::mt19937& random) {
  for (int64_t b = 0; b < c.batch.B; ++b) {
    if (c.lengths[b] == 0) continue;
    c.rows.push_back(b);
    c.starts.push_back(static_cast<int64_t>(random() % c.lengths[b]));
    c.sizes.push_back(1 + static_cast<int64_t>(random() % (c.lengths[b] - c.starts.back())));
    for (int64_t i = 0; i < c.sizes.back(); ++i) c.span_tags.push_back(static_cast<int64_t>(random() % c.batch.K));
  }
}

Case random_case(unsigned seed) {
  std::mt19937 random(seed);
  const auto below = [&](int n) { return static_cast<int64_t>(random() % n); };
  Case c;
  bigru_crf_batch& b = c.batch;
  b.B = below(30), b.T = below(20), b.K = 1 + below(seed % 4 ? 20 : 80), c.n = 1 + below(6);
  const float scales[] = {1.0f, 5.0f, 300.0f};
  const float scale = scales[below(3)], stiffness = scales[below(3)];
  for (int64_t i = 0; i < b.B; ++i) c.lengths.push_back(below(static_cast<int>(b.T) + 1));
  c.emissions = random_floats(random, b.B * b.T * b.K, scale);
  c.transitions = random_floats(random, b.K * b.K, stiffness);
  c.start = random_floats(random, b.K, stiffness), c.end = random_floats(random, b.K, stiffness);
  c.d_losses = random_floats(random, b.B, 1.0f);
  c.d_steps = random_floats(random, b.B * b.T, 1.0f);
  for (float& x : c.transitions)
    if (seed % 3 == 0 && random() % 3 == 0) x = -std::numeric_limits<float>::infinity();
  for (int64_t k = 0; k < b.K; ++k) c.transitions[k * b.K + k] = 0.0f;
  for (int64_t i = 0; i < b.B; ++i)
    for (int64_t t = 0; t < b.T; ++t) {
      const bool past = t >= c.lengths[i];
      c.tags.push_back(past ? -100 : below(static_cast<int>(b.K)));
      for (int64_t k = 0; past && k < b.K; ++k)
        c.emissions[(i * b.T + t) * b.K + k] = std::numeric_limits<float>::quiet_NaN();
    }
  for (int64_t k = 0; k < b.K * b.K; ++k) c.joins.push_back(random() % 2);
  add_spans(c, random);
  return c;
}

Results run(const Case& c, int threads) {
  bigru_crf_batch b = c.batch;
  b.threads = threads;
  b.lengths = c.lengths.data();
  const bigru_crf_scores scores = {c.transitions.data(), c.start.data(), c.end.data()};
  const bigru_crf_spans spans = {static_cast<int64_t>(c.rows.size()), c.rows.data(), c.starts.data(),
                                 c.sizes.data(), c.span_tags.data(), c.joins.data()};
  const float* e = c.emissions.data();
  Results r;
  r.losses.resize(b.B), r.d_emissions.resize(c.emissions.size()), r.marginals.resize(c.emissions.size());
  r.d_transitions.resize(b.K * b.K), r.d_start.resize(b.K), r.d_end.resize(b.K);
  r.log_z.resize(b.B), r.path_scores.resize(b.B), r.many_scores.resize(b.B * c.n), r.spans.resize(c.rows.size());
  r.paths.resize(b.B * b.T), r.many.resize(b.B * c.n * b.T);
  Floats kept(bigru_crf_kept_floats(&b));
  must(bigru_crf_forward(&b, &scores, e, c.tags.data(), r.losses.data(), kept.data()));
  must(bigru_crf_backward(&b, &scores, e, c.tags.data(), kept.data(), c.d_losses.data(), r.d_emissions.data(),
                          r.d_transitions.data(), r.d_start.data(), r.d_end.data()));
  r.steps.resize(b.B * b.T), r.step_d_emissions.resize(c.emissions.size());
  r.step_d_transitions.resize(b.K * b.K), r.step_d_start.resize(b.K), r.step_d_end.resize(b.K);
  must(bigru_crf_step_forward(&b, &scores, e, c.tags.data(), r.steps.data(), kept.data()));
  must(bigru_crf_step_backward(&b, &scores, e, c.tags.data(), kept.data(), c.d_steps.data(), r.step_d_emissions.data(),
                               r.step_d_transitions.data(), r.step_d_start.data(), r.step_d_end.data()));
  must(bigru_crf_marginals(&b, &scores, e, r.marginals.data(), r.log_z.data()));
  must(bigru_crf_viterbi(&b, &scores, e, r.paths.data(), r.path_scores.data()));
  must(bigru_crf_nbest(&b, &scores, e, c.n, r.many.data(), r.many_scores.data()));
  if (!c.rows.empty()) must(bigru_crf_span_marginals(&b, &scores, e, &spans, r.spans.data()));
  return r;
}

// Every tag may follow itself, so that each sequence has a path; a gold path may still be forbidden.
bool sound(const Results& one, const Results& many) {
  for (float loss : one.losses)
    if (std::isnan(loss) || loss < -1e-2f) return false;
  for (float loss : one.steps)
    if (std::isnan(loss)) return false;
  if (!same(one.steps, many.steps) || !same(one.step_d_emissions, many.step_d_emissions) ||
      !same(one.step_d_transitions, many.step_d_transitions) || !same(one.step_d_start, many.step_d_start) ||
      !same(one.step_d_end, many.step_d_end) || !finite(one.step_d_emissions) || !finite(one.step_d_transitions) ||
      !finite(one.step_d_start) || !finite(one.step_d_end))
    return false;
  return same(one.losses, many.losses) && same(one.d_emissions, many.d_emissions) &&
         same(one.d_transitions, many.d_transitions) && same(one.d_start, many.d_start) && same(one.d_end, many.d_end) &&
         same(one.marginals, many.marginals) && same(one.log_z, many.log_z) && same(one.paths, many.paths) &&
         same(one.many, many.many) && same(one.spans, many.spans) && finite(one.d_emissions) &&
         finite(one.d_transitions) && finite(one.d_start) && finite(one.d_end) && finite(one.marginals) &&
         finite(one.log_z) && finite(one.path_scores) && finite(one.spans);
}

}  // namespace

int main(int count, char** arguments) {
  return run_seeds(count, arguments, [](unsigned seed) {
    const Case c = random_case(seed);
    if (sound(run(c, 1), run(c, 3))) return true;
    std::fprintf(stderr, "seed %u: B %ld T %ld K %ld failed\n", seed, static_cast<long>(c.batch.B),
                 static_cast<long>(c.batch.T), static_cast<long>(c.batch.K));
    return false;
  });
}
