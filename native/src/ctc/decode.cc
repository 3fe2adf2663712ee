// Decoding of CTC: the entry points, and what is told of a labelling.
#include "decode.h"

#include <algorithm>
#include <cfloat>
#include <functional>
#include <numeric>

namespace bigru {
namespace {

constexpr double kSmallestShare = 1e5;  // logits for which helpers are woken

// The log of the sum of e^x, as (1) needs it; NaN if an x is NaN or infinite. memory: [K].
double log_sum(const Kernels& kernels, const float* x, int64_t K, float* memory) {
  constexpr int lanes = 8;
  float most[lanes];
  double sums[lanes] = {};
  int strange = 0;
  std::fill(most, most + lanes, x[0]);
  for (int64_t k = 0; k < K; ++k) strange |= !(std::fabs(x[k]) <= FLT_MAX);
  if (strange) return NAN;
  const int64_t whole = K / lanes * lanes;
  for (int64_t k = 0; k < whole; k += lanes)
    for (int i = 0; i < lanes; ++i) most[i] = x[k + i] > most[i] ? x[k + i] : most[i];
  const float top = std::max(*std::max_element(most, most + lanes), *std::max_element(x + std::min(whole, K - 1), x + K));
  for (int64_t k = 0; k < K; ++k) memory[k] = x[k] - top;
  kernels.vector_math(2, memory, memory, K);
  for (int64_t k = 0; k < whole; k += lanes)
    for (int i = 0; i < lanes; ++i) sums[i] += memory[k + i];
  return top + std::log(std::accumulate(memory + whole, memory + K, std::accumulate(sums, sums + lanes, 0.0)));
}

// False if a logit is NaN or infinite.
bool read_frames(const Kernels& kernels, CtcFrames& f) {
  std::vector<float> memory(f.K);
  f.log_z.resize(f.length);
  for (int64_t t = 0; t < f.length; ++t) {
    f.log_z[t] = log_sum(kernels, f.logits + t * f.K, f.K, memory.data());
    if (std::isnan(f.log_z[t])) return false;
  }
  return true;
}

int64_t frames_needed(const int64_t* symbols, int64_t count) {
  int64_t repeated = 0;
  for (int64_t i = 1; i < count; ++i) repeated += symbols[i] == symbols[i - 1];
  return count + repeated;
}

// A sum of probabilities as e^log * rest with rest at least 1, or log kNever: adding two takes an exponential and no
// logarithm, and none loses what is small beside another state's.
struct Sum {
  double log, rest;

  void add(const Sum& o) {
    const double much = o.log - log;
    if (!(std::fabs(much) < kFar)) {  // also where both are kNever
      if (much > 0.0) *this = o;
    } else if (much > 0.0) {
      rest = o.rest + rest * std::exp(-much);
      log = o.log;
    } else {
      rest += o.rest * std::exp(much);
    }
  }
  void bring_back() {
    if (rest < kMostRest) return;
    log += std::log(rest);
    rest = 1.0;
  }

  static constexpr double kMostRest = 1e6, kFar = 55.0;  // e^-55 * kMostRest changes no bit
};

// How many steps and states a table of both has.
size_t table_size(int64_t steps, int64_t states) {
  if (too_large({static_cast<double>(steps), static_cast<double>(states)})) throw std::bad_alloc();
  return static_cast<size_t>(steps * states);
}

// The states of a labelling: blank, first symbol, blank, second symbol, ..., blank.
class Trellis {
 public:
  Trellis(const CtcFrames& f, const std::vector<int64_t>& symbols)
      : f_(f), symbols_(symbols), states_(2 * static_cast<int64_t>(symbols.size()) + 1), sum_(states_, {kNever, 1.0}),
        best_(states_, kNever), came_(table_size(f.length, states_)) {}

  // The log probability, (5): all alignments that fit.
  double run() {
    if (f_.length == 0) return 0.0;
    for (int64_t s = 0; s < std::min<int64_t>(states_, 2); ++s) sum_[s].log = best_[s] = log_p(0, s);
    for (int64_t t = 1; t < f_.length; ++t) step(t);
    Sum all = sum_[states_ - 1];
    if (states_ > 1) all.add(sum_[states_ - 2]);
    return all.log + std::log(all.rest);
  }

  // The best alignment, read off backwards, (6).
  void align(int64_t* starts, int64_t* ends, float* confidences) const {
    int64_t s = states_ - 1;
    if (s > 0 && best_[s - 1] >= best_[s]) --s;
    for (int64_t t = f_.length - 1; t >= 0; --t) {
      if (s % 2) {
        const int64_t i = s / 2;
        const float p = static_cast<float>(std::exp(log_p(t, s)));
        starts[i] = t;
        ends[i] = std::max(ends[i], t + 1);
        confidences[i] = std::max(confidences[i], std::min(p, 1.0f));
      }
      s -= came_[t * states_ + s];
    }
  }

 private:
  double log_p(int64_t t, int64_t s) const { return f_.log_p(t, s % 2 ? symbols_[s / 2] : 0); }
  bool may_skip(int64_t s) const { return s % 2 && s > 1 && symbols_[s / 2] != symbols_[s / 2 - 1]; }

  // From the last state down, for a state's sum comes from those before it. States from which the end is too far are
  // left out, and so are those too far from the beginning.
  void step(int64_t t) {
    const int64_t low = std::max<int64_t>(0, states_ - 2 * (f_.length - t)), high = std::min(states_, 2 * (t + 1));
    for (int64_t s = high - 1; s >= low; --s) {
      Sum sum = sum_[s];
      double best = best_[s];
      uint8_t came = 0;
      const auto join = [&](uint8_t back) {
        sum.add(sum_[s - back]);
        if (best_[s - back] > best) best = best_[s - back], came = back;
      };
      if (s > 0) join(1);
      if (may_skip(s)) join(2);
      sum.bring_back();
      const double p = log_p(t, s);
      sum_[s] = {sum.log + p, sum.rest};
      best_[s] = best + p;
      came_[t * states_ + s] = came;
    }
  }

  const CtcFrames& f_;
  const std::vector<int64_t>& symbols_;
  int64_t states_;
  std::vector<Sum> sum_;
  std::vector<double> best_;
  std::vector<uint8_t> came_;
};

// What is told of one labelling.
struct Told {
  std::vector<int64_t> symbols, starts, ends;
  std::vector<float> confidences;
  double log_p, score;

  Told(const CtcFrames& f, const CtcFound& found)
      : symbols(found.symbols), starts(symbols.size()), ends(symbols.size()), confidences(symbols.size()) {
    Trellis trellis(f, symbols);
    log_p = trellis.run();
    score = log_p + found.extra;
    trellis.align(starts.data(), ends.data(), confidences.data());
  }
};

// What a call of decoding writes.
struct Writer {
  const bigru_ctc_batch& batch;
  const bigru_ctc_labellings& to;
  int64_t n;

  void clear() const {
    const int64_t rows = batch.B * n, all = rows * batch.T;
    std::fill(to.counts, to.counts + rows, -1);
    for (int64_t* array : {to.symbols, to.starts, to.ends}) std::fill(array, array + all, 0);
    std::fill(to.confidences, to.confidences + all, 0.0f);
    for (double* array : {to.log_probabilities, to.scores}) std::fill(array, array + rows, kNever);
  }

  void refuse(int64_t b) const {
    for (double* array : {to.log_probabilities, to.scores}) std::fill(array + b * n, array + (b + 1) * n, NAN);
  }

  // Best first by what the labellings are worth exactly.
  void write(int64_t b, const CtcFrames& f, const std::vector<CtcFound>& found) const {
    std::vector<Told> told;
    for (const CtcFound& labelling : found) told.emplace_back(f, labelling);
    std::sort(told.begin(), told.end(), [](const Told& x, const Told& y) {
      return x.score != y.score ? x.score > y.score : x.symbols < y.symbols;
    });
    for (size_t i = 0; i < told.size(); ++i) {
      const int64_t row = b * n + static_cast<int64_t>(i), at = row * batch.T;
      to.counts[row] = static_cast<int64_t>(told[i].symbols.size());
      to.log_probabilities[row] = told[i].log_p;
      to.scores[row] = told[i].score;
      std::copy(told[i].symbols.begin(), told[i].symbols.end(), to.symbols + at);
      std::copy(told[i].starts.begin(), told[i].starts.end(), to.starts + at);
      std::copy(told[i].ends.begin(), told[i].ends.end(), to.ends + at);
      std::copy(told[i].confidences.begin(), told[i].confidences.end(), to.confidences + at);
    }
  }
};

std::string check_arrays(const char* where, const bigru_ctc_batch& b, const float* logits,
                         const bigru_ctc_labellings& to, int64_t n) {
  std::string wrong = check_crf(where, b, nullptr);
  if (wrong.empty() && too_large({static_cast<double>(b.B), static_cast<double>(b.T), static_cast<double>(n)})) wrong = std::string(where) + ": n is too large, got " + std::to_string(n);
  if (wrong.empty() && b.K > INT32_MAX) wrong = std::string(where) + ": K is too large, got " + std::to_string(b.K);
  if (wrong.empty() && b.B > 0)
    wrong = check_present(where, {{"counts", to.counts}, {"log_probabilities", to.log_probabilities}, {"scores", to.scores}});
  if (wrong.empty() && b.B > 0 && b.T > 0)
    wrong = check_present(where, {{"logits", logits}, {"symbols", to.symbols}, {"starts", to.starts}, {"ends", to.ends},
                                  {"confidences", to.confidences}});
  return wrong;
}

std::string check_given(const char* where, const bigru_ctc_batch& b, const int64_t* counts, const int64_t* symbols) {
  std::string wrong = b.B > 0 ? check_present(where, {{"counts", counts}}) : "";
  if (wrong.empty() && b.B > 0 && b.T > 0) wrong = check_present(where, {{"symbols", symbols}});
  if (!wrong.empty()) return wrong;
  for (int64_t i = 0; i < b.B; ++i) {
    const std::string row = "[" + std::to_string(i);
    if (counts[i] < 0 || counts[i] > b.T)
      return std::string(where) + ": counts" + row + "] must be 0.." + std::to_string(b.T) + ", got " +
             std::to_string(counts[i]);
    for (int64_t k = 0; k < counts[i]; ++k)
      if (const int64_t symbol = symbols[i * b.T + k]; symbol < 1 || symbol >= b.K)
        return std::string(where) + ": symbols" + row + ", " + std::to_string(k) + "] must be 1.." +
               std::to_string(b.K - 1) + ", got " + std::to_string(symbol);
  }
  return "";
}

// Runs find(b, frames) on every sequence, the longest first, and writes what it finds.
using Find = std::function<std::vector<CtcFound>(int64_t b, const CtcFrames& frames)>;
int decode(const char* where, const bigru_ctc_batch& b, const float* logits, const bigru_ctc_labellings& to, int64_t n,
           const Find& find) {
  const Writer writer{b, to, n};
  writer.clear();
  std::vector<int64_t> order(b.B);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t i, int64_t j) { return length_of(b, i) > length_of(b, j); });
  const int threads = static_cast<double>(b.B) * b.T * (b.K + 100) < kSmallestShare ? 1
                      : b.threads > 0                                            ? b.threads
                                                                                 : bigru_threads();
  const Kernels& chosen = *kernels();
  const bool done = run_with_memory(static_cast<int>(b.B), threads, [&](int task) {
    const int64_t row = order[task];
    CtcFrames frames{logits + row * b.T * b.K, length_of(b, row), b.K, {}};
    if (!read_frames(chosen, frames)) return writer.refuse(row);
    writer.write(row, frames, find(row, frames));
  });
  return done ? int{BIGRU_OK} : fail(BIGRU_NO_MEMORY, std::string(where) + ": out of memory");
}

std::vector<int64_t> best_path(const CtcFrames& f) {
  std::vector<int64_t> symbols;
  int64_t before = 0;
  for (int64_t t = 0; t < f.length; ++t) {
    const float* x = f.logits + t * f.K;
    const int64_t k = std::max_element(x, x + f.K) - x;
    if (k != 0 && k != before) symbols.push_back(k);
    before = k;
  }
  return symbols;
}

}  // namespace
}  // namespace bigru

using namespace bigru;

extern "C" {

int bigru_ctc_greedy(const bigru_ctc_batch* b, const float* logits, const bigru_ctc_labellings* to) {
  const char* where = "bigru_ctc_greedy";
  const std::string wrong = check_arrays(where, *b, logits, *to, 1);
  if (!wrong.empty()) return fail(BIGRU_INVALID, wrong);
  return guarded(where, [&] {
    return decode(where, *b, logits, *to, 1, [](int64_t, const CtcFrames& f) {
      return std::vector<CtcFound>{{best_path(f), 0.0}};
    });
  });
}

int bigru_ctc_beam(const bigru_ctc_batch* b, const float* logits, const bigru_ctc_search* search,
                   const bigru_ctc_labellings* to) {
  const char* where = "bigru_ctc_beam";
  std::string wrong = check_present(where, {{"search", search}});
  if (wrong.empty()) wrong = check_arrays(where, *b, logits, *to, search->n);
  if (wrong.empty()) wrong = check_search(where, *search, b->K);
  if (!wrong.empty()) return fail(BIGRU_INVALID, wrong);
  return guarded(where, [&] {
    return decode(where, *b, logits, *to, search->n,
                  [&](int64_t, const CtcFrames& f) { return ctc_search(f, *search); });
  });
}

int bigru_ctc_align(const bigru_ctc_batch* b, const float* logits, const int64_t* counts, const int64_t* symbols,
                    const bigru_ctc_labellings* to) {
  const char* where = "bigru_ctc_align";
  std::string wrong = check_arrays(where, *b, logits, *to, 1);
  if (wrong.empty()) wrong = check_given(where, *b, counts, symbols);
  if (!wrong.empty()) return fail(BIGRU_INVALID, wrong);
  return guarded(where, [&] {
    return decode(where, *b, logits, *to, 1, [&](int64_t row, const CtcFrames& f) {
      const int64_t* given = symbols + row * b->T;
      if (frames_needed(given, counts[row]) > f.length) return std::vector<CtcFound>{};
      return std::vector<CtcFound>{{{given, given + counts[row]}, 0.0}};
    });
  });
}

}  // extern "C"
