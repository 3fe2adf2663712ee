// Decoding of CTC on random shapes, lengths, logits, models and threads, on arrays of exactly the size the header names, for
// the sanitizers to watch: nothing is read or written outside them, padding (NaN) never reaches a result, and threads
// change no bit.
#include "fuzz.h"

namespace {

using Doubles = std::vector<double>;
using Integers = std::vector<int64_t>;
using Shorts = std::vector<int32_t>;

constexpr int64_t kNotWritten = -7;  // stands in results until they are written
constexpr double kNever = -std::numeric_limits<double>::infinity();

struct Case {
  bigru_ctc_batch batch{};
  Integers lengths;
  Floats logits;
  bigru_ctc_search search{};
  bigru_ctc_model model{};
  Integers first;
  Shorts symbols, next, shorter;
  Floats log_p, back_off;
};

struct Told {
  Integers counts, symbols, starts, ends;
  Floats confidences;
  Doubles log_probabilities, scores;

  Told(const bigru_ctc_batch& b, int64_t n)
      : counts(b.B * n, kNotWritten), symbols(b.B * n * b.T, kNotWritten), starts(symbols), ends(symbols),
        confidences(symbols.size(), kUnwritten), log_probabilities(b.B * n, kUnwritten), scores(b.B * n, kUnwritten) {}
  bigru_ctc_labellings to() {
    return {counts.data(), symbols.data(), starts.data(), ends.data(), confidences.data(), log_probabilities.data(),
            scores.data()};
  }
  bool same_as(const Told& o) const {
    return same(counts, o.counts) && same(symbols, o.symbols) && same(starts, o.starts) && same(ends, o.ends) &&
           same(confidences, o.confidences) && same(log_probabilities, o.log_probabilities) && same(scores, o.scores);
  }
};

struct Results { Told greedy, beam, aligned; };

void add_model(Case& c, std::mt19937& random) {
  const auto below = [&](int64_t n) { return static_cast<int64_t>(random() % n); };
  const int64_t K = c.batch.K, states = 1 + below(12);
  c.first.push_back(0);
  for (int64_t s = 0; s < states; ++s) {
    for (int64_t k = 0; k < K; ++k) {
      if (s > 0 && random() % 3) continue;
      c.symbols.push_back(static_cast<int32_t>(k));
      c.next.push_back(static_cast<int32_t>(below(states)));
      c.log_p.push_back(-static_cast<float>(random() % 1000) / 100.0f);
    }
    c.first.push_back(static_cast<int64_t>(c.symbols.size()));
    c.back_off.push_back(-static_cast<float>(random() % 300) / 100.0f);
    c.shorter.push_back(static_cast<int32_t>(s ? below(s) : 0));
  }
  c.model = {states, c.first.back(), below(states), nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};
}

Case random_case(unsigned seed) {
  std::mt19937 random(seed);
  const auto below = [&](int64_t n) { return static_cast<int64_t>(random() % n); };
  Case c;
  bigru_ctc_batch& b = c.batch;
  b.B = draw_size(random, 0, 9), b.T = draw_size(random, 0, 30), b.K = draw_size(random, 1, seed % 4 ? 13 : 301);
  const float scales[] = {0.0f, 1.0f, 10.0f, 1e4f, 1e37f};
  std::normal_distribution<float> value(0.0f, 1.0f);
  const float scale = scales[below(5)];
  c.lengths = draw_lengths(random, b.B, b.T);
  for (int64_t i = 0; i < b.B * b.T * b.K; ++i) {
    const bool past = i / b.K % b.T >= c.lengths[i / b.K / b.T];
    c.logits.push_back(past ? kUnwritten : value(random) * scale);
  }
  c.search.width = 1 + below(20);
  c.search.n = 1 + below(c.search.width);
  c.search.candidates = below(b.K + 2);
  c.search.weight = static_cast<double>(below(3)), c.search.bonus = static_cast<double>(below(5)) - 2;
  if (seed % 2) add_model(c, random);
  return c;
}

Results run(const Case& c, int threads) {
  bigru_ctc_batch b = c.batch;
  b.threads = threads;
  b.lengths = c.lengths.data();
  bigru_ctc_model model = c.model;
  model.first = c.first.data(), model.symbols = c.symbols.data(), model.next = c.next.data();
  model.log_p = c.log_p.data(), model.back_off = c.back_off.data(), model.shorter = c.shorter.data();
  bigru_ctc_search search = c.search;
  if (model.states) search.model = &model;
  Results r{Told(b, 1), Told(b, search.n), Told(b, 1)};
  bigru_ctc_labellings to = r.greedy.to();
  must(bigru_ctc_greedy(&b, c.logits.data(), &to));
  to = r.beam.to();
  must(bigru_ctc_beam(&b, c.logits.data(), &search, &to));
  to = r.aligned.to();
  must(bigru_ctc_align(&b, c.logits.data(), r.greedy.counts.data(), r.greedy.symbols.data(), &to));
  return r;
}

// Past a labelling's symbols all is zero.
bool clear_behind(const Told& told, int64_t from, int64_t until) {
  for (int64_t at = from; at < until; ++at)
    if (told.symbols[at] || told.starts[at] || told.ends[at] || told.confidences[at] != 0.0f) return false;
  return true;
}

// Of one labelling: symbols stand one after the other within the length, and its probability is a number.
bool told_well(const Case& c, const Told& told, int64_t n, int64_t row) {
  const int64_t count = told.counts[row], length = c.lengths[row / n], T = c.batch.T;
  if (count < -1 || count > T || !clear_behind(told, row * T + std::max<int64_t>(count, 0), (row + 1) * T)) return false;
  if (length == 0 && row % n == 0 && (count != 0 || told.log_probabilities[row] != 0.0)) return false;
  if (count < 0) return row % n > 0 && told.log_probabilities[row] == kNever;
  if (!std::isfinite(told.log_probabilities[row]) || told.log_probabilities[row] > 1e-3) return false;
  for (int64_t i = 0, before = 0; i < count; ++i) {
    const int64_t at = row * c.batch.T + i;
    if (told.symbols[at] < 1 || told.symbols[at] >= c.batch.K) return false;
    if (told.starts[at] < before || told.ends[at] <= told.starts[at] || told.ends[at] > length) return false;
    if (!(told.confidences[at] >= 0.0f && told.confidences[at] <= 1.0f)) return false;
    before = told.ends[at];
  }
  return row % n == 0 || told.scores[row] <= told.scores[row - 1];
}

bool all_told_well(const Case& c, const Told& told, int64_t n) {
  for (int64_t row = 0; row < c.batch.B * n; ++row)
    if (!told_well(c, told, n, row)) return false;
  return true;
}

bool sound(const Case& c, const Results& one, const Results& many) {
  return one.greedy.same_as(many.greedy) && one.beam.same_as(many.beam) && one.aligned.same_as(one.greedy) &&
         all_told_well(c, one.greedy, 1) && all_told_well(c, one.beam, c.search.n);
}

}  // namespace

int main(int count, char** arguments) {
  return run_seeds(count, arguments, [](unsigned seed) {
    const Case c = random_case(seed);
    if (sound(c, run(c, 1), run(c, 3))) return true;
    std::fprintf(stderr, "seed %u: B %" PRId64 " T %" PRId64 " K %" PRId64 " failed\n", seed, c.batch.B, c.batch.T, c.batch.K);
    return false;
  });
}
