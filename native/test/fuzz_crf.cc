// The CRF on random shapes, lengths, scores and threads, on arrays of exactly the size the header names, for the
// sanitizers to watch: nothing is read or written outside them, padding (NaN) never reaches a result, and threads change
// no bit.
#include "fuzz.h"

namespace {

using Doubles = std::vector<double>;
using Integers = std::vector<int64_t>;

struct Case {
  bigru_crf_batch batch{};
  Integers lengths, tags, rows, starts, sizes, span_tags;
  std::vector<uint8_t> continues;
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
  b.B = draw_size(random, 0, 30), b.T = draw_size(random, 0, 20), b.K = draw_size(random, 1, seed % 4 ? 21 : 81);
  c.n = 1 + below(6);
  const float scales[] = {1.0f, 5.0f, 300.0f};
  const float scale = scales[below(3)], stiffness = scales[below(3)];
  c.lengths = draw_lengths(random, b.B, b.T);
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
        c.emissions[(i * b.T + t) * b.K + k] = kUnwritten;
    }
  for (int64_t k = 0; k < b.K * b.K; ++k) c.continues.push_back(random() % 2);
  add_spans(c, random);
  return c;
}

Results run(const Case& c, int threads) {
  bigru_crf_batch b = c.batch;
  b.threads = threads;
  b.lengths = c.lengths.data();
  const bigru_crf_scores scores = {c.transitions.data(), c.start.data(), c.end.data()};
  const bigru_crf_spans spans = {static_cast<int64_t>(c.rows.size()), c.rows.data(), c.starts.data(),
                                 c.sizes.data(), c.span_tags.data(), c.continues.data()};
  const float* e = c.emissions.data();
  Results r;
  const auto doubles = [](int64_t count) { return Doubles(static_cast<size_t>(count), kUnwritten); };
  const auto integers = [](int64_t count) { return Integers(static_cast<size_t>(count), -1); };
  r.losses = unwritten(b.B), r.d_emissions = unwritten(c.emissions.size()), r.marginals = unwritten(c.emissions.size());
  r.d_transitions = unwritten(b.K * b.K), r.d_start = unwritten(b.K), r.d_end = unwritten(b.K);
  r.log_z = doubles(b.B), r.path_scores = doubles(b.B), r.many_scores = doubles(b.B * c.n);
  r.spans = doubles(c.rows.size());
  r.paths = integers(b.B * b.T), r.many = integers(b.B * c.n * b.T);
  Floats kept = unwritten(bigru_crf_kept_floats(&b));
  must(bigru_crf_forward(&b, &scores, e, c.tags.data(), r.losses.data(), kept.data()));
  must(bigru_crf_backward(&b, &scores, e, c.tags.data(), kept.data(), c.d_losses.data(), r.d_emissions.data(),
                          r.d_transitions.data(), r.d_start.data(), r.d_end.data()));
  r.steps = unwritten(b.B * b.T), r.step_d_emissions = unwritten(c.emissions.size());
  r.step_d_transitions = unwritten(b.K * b.K), r.step_d_start = unwritten(b.K), r.step_d_end = unwritten(b.K);
  must(bigru_crf_step_forward(&b, &scores, e, c.tags.data(), r.steps.data(), kept.data()));
  must(bigru_crf_step_backward(&b, &scores, e, c.tags.data(), kept.data(), c.d_steps.data(), r.step_d_emissions.data(),
                               r.step_d_transitions.data(), r.step_d_start.data(), r.step_d_end.data()));
  must(bigru_crf_marginals(&b, &scores, e, r.marginals.data(), r.log_z.data()));
  must(bigru_crf_viterbi(&b, &scores, e, r.paths.data(), r.path_scores.data()));
  must(bigru_crf_nbest(&b, &scores, e, c.n, r.many.data(), r.many_scores.data()));
  if (!c.rows.empty()) must(bigru_crf_span_marginals(&b, &scores, e, &spans, r.spans.data()));
  return r;
}

// Every tag is one of the K, those past a length included.
bool tags_only(const Integers& paths, int64_t K) {
  return std::all_of(paths.begin(), paths.end(), [K](int64_t tag) { return tag >= 0 && tag < K; });
}

// Where no step is read every loss, score and gradient is zero.
bool nothing_of_nothing(const Case& c, const Results& r) {
  const auto& n = c.lengths;
  if (std::any_of(n.begin(), n.end(), [](int64_t length) { return length > 0; })) return true;
  for (const Floats* a : {&r.losses, &r.steps, &r.marginals, &r.d_emissions, &r.d_transitions, &r.d_start, &r.d_end,
                          &r.step_d_emissions, &r.step_d_transitions, &r.step_d_start, &r.step_d_end})
    if (!zero(*a)) return false;
  return r.log_z == Doubles(r.log_z.size(), 0.0) && r.path_scores == Doubles(r.path_scores.size(), 0.0);
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
    const Results one = run(c, 1);
    if (sound(one, run(c, 3)) && tags_only(one.paths, c.batch.K) && tags_only(one.many, c.batch.K) && nothing_of_nothing(c, one))
      return true;
    std::fprintf(stderr, "seed %u: B %" PRId64 " T %" PRId64 " K %" PRId64 " failed\n", seed, c.batch.B, c.batch.T, c.batch.K);
    return false;
  });
}
