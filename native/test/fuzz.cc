// Random shapes, lengths, walks and threads on arrays of exactly the size the header names, for the sanitizers to watch:
// nothing is read or written outside them, padding (NaN) never reaches a result, and threads change no bit.
#include "fuzz.h"

namespace {

struct Case {
  bigru_gru_layer layer{};
  std::vector<int64_t> lengths;
  Floats x, h0, dy, dh_n;
  std::vector<Floats> weights;
};

// dx, dh0 and gradients stay empty for int8, which is for inference only.
struct Results { Floats y, h_n, dx, dh0; std::vector<Floats> gradients; };

Floats random_floats(std::mt19937& random, int64_t count) {
  std::uniform_real_distribution<float> value(-0.5f, 0.5f);
  Floats a(count);
  for (float& x : a) x = value(random);
  return a;
}

void poison(Floats& a, const Case& c, int64_t columns) {
  for (int64_t b = 0; b < c.layer.B; ++b)
    for (int64_t i = c.lengths[b] * columns; i < c.layer.T * columns; ++i)
      a[b * c.layer.T * columns + i] = kUnwritten;
}

// The same array with its first two axes, of these extents, exchanged.
Floats turned(const Floats& a, int64_t rows, int64_t steps) {
  Floats to(a.size());
  const int64_t columns = rows * steps > 0 ? static_cast<int64_t>(a.size()) / (rows * steps) : 0;
  for (int64_t b = 0; b < rows; ++b)
    for (int64_t t = 0; t < steps; ++t)
      for (int64_t i = 0; i < columns; ++i) to[(t * rows + b) * columns + i] = a[(b * steps + t) * columns + i];
  return to;
}

// What the case is with time first.
Case turned(const Case& c) {
  Case other = c;
  other.layer.time_first = 1;
  other.x = turned(c.x, c.layer.B, c.layer.T), other.dy = turned(c.dy, c.layer.B, c.layer.T);
  return other;
}

Case random_case(unsigned seed) {
  std::mt19937 random(seed);
  const auto below = [&](int n) { return static_cast<int64_t>(random() % n); };
  Case c;
  bigru_gru_layer& l = c.layer;
  l.B = draw_size(random, 0, 40), l.T = draw_size(random, 0, 20);
  l.I = draw_size(random, 1, 71), l.H = draw_size(random, 1, 71);
  l.D = 1 + static_cast<int32_t>(below(2));
  l.reset_after = static_cast<int32_t>(below(2));
  l.precision = static_cast<int32_t>(below(3));
  for (int32_t& reverse : l.reverse) reverse = static_cast<int32_t>(below(2));
  c.lengths = draw_lengths(random, l.B, l.T);
  c.x = random_floats(random, l.B * l.T * l.I);
  c.h0 = random_floats(random, l.D * l.B * l.H);
  c.dy = random_floats(random, l.B * l.T * l.D * l.H);
  c.dh_n = random_floats(random, l.D * l.B * l.H);
  poison(c.x, c, l.I);
  poison(c.dy, c, l.D * l.H);
  for (int d = 0; d < l.D; ++d)
    for (int64_t columns : {l.I, l.H, int64_t{1}, int64_t{1}}) c.weights.push_back(random_floats(random, 3 * l.H * columns));
  return c;
}

void infer(const bigru_gru_layer& l, const bigru_gru_weights* w, const Case& c, Floats& y, Floats& h_n) {
  bigru_gru_prepared* prepared = bigru_gru_prepare(&l, w);
  if (!prepared) must(BIGRU_INVALID);
  must(bigru_gru_infer(prepared, &l, c.x.data(), c.h0.data(), y.data(), h_n.data()));
  bigru_gru_release(prepared);
}

void train(const bigru_gru_layer& l, const bigru_gru_weights* w, const Case& c, Results& r) {
  r.dx = unwritten(c.x.size()), r.dh0 = unwritten(c.h0.size());
  for (const Floats& weight : c.weights) r.gradients.push_back(unwritten(weight.size()));
  bigru_gru_gradients g[2];
  for (int d = 0; d < l.D; ++d)
    g[d] = {r.gradients[4 * d].data(), r.gradients[4 * d + 1].data(), r.gradients[4 * d + 2].data(), r.gradients[4 * d + 3].data()};
  const size_t bytes = bigru_gru_gate_floats(&l) * sizeof(float);
  float* gates = static_cast<float*>(std::aligned_alloc(64, (bytes + 63) / 64 * 64 + 64));
  std::fill(gates, gates + bytes / sizeof(float), kUnwritten);
  must(bigru_gru_forward(&l, w, c.x.data(), c.h0.data(), r.y.data(), r.h_n.data(), gates));
  must(bigru_gru_backward(&l, w, c.x.data(), c.h0.data(), r.y.data(), gates, c.dy.data(), c.dh_n.data(), r.dx.data(),
                          r.dh0.data(), g));
  std::free(gates);
}

Results run(const Case& c, int threads) {
  bigru_gru_layer l = c.layer;
  l.threads = threads;
  l.lengths = c.lengths.data();
  Results r;
  r.y = unwritten(l.B * l.T * l.D * l.H), r.h_n = unwritten(l.D * l.B * l.H);
  bigru_gru_weights w[2];
  for (int d = 0; d < l.D; ++d)
    w[d] = {c.weights[4 * d].data(), c.weights[4 * d + 1].data(), c.weights[4 * d + 2].data(), c.weights[4 * d + 3].data()};
  if (l.precision != BIGRU_INT8) train(l, w, c, r);
  Floats y = unwritten(r.y.size()), h_n = unwritten(r.h_n.size());
  infer(l, w, c, y, h_n);
  if (l.precision == BIGRU_INT8) {
    r.y = y, r.h_n = h_n;
  } else if (!same(y, r.y) || !same(h_n, r.h_n)) {
    std::fprintf(stderr, "prepared weights give other bits\n");
    std::exit(1);
  }
  return r;
}

// Where no step is read every output and gradient is zero, but for the states that pass through.
bool nothing_of_nothing(const Case& c, const Results& r) {
  const auto& n = c.lengths;
  if (std::any_of(n.begin(), n.end(), [](int64_t length) { return length > 0; })) return true;
  const bool passed = same(r.h_n, c.h0) && (r.dh0.empty() || same(r.dh0, c.dh_n));
  return passed && zero(r.y) && zero(r.dx) && std::all_of(r.gradients.begin(), r.gradients.end(), zero);
}

// Which axis comes first changes no bit.
bool same_turned(const Case& c, const Results& one, const Results& turned_one) {
  const int64_t B = c.layer.B, T = c.layer.T;
  bool good = same(turned(one.y, B, T), turned_one.y) && same(turned(one.dx, B, T), turned_one.dx);
  good = good && same(one.h_n, turned_one.h_n) && same(one.dh0, turned_one.dh0);
  for (size_t i = 0; i < one.gradients.size(); ++i) good = good && same(one.gradients[i], turned_one.gradients[i]);
  return good;
}

bool sound(const Results& one, const Results& many) {
  bool good = same(one.y, many.y) && same(one.h_n, many.h_n) && same(one.dx, many.dx) && same(one.dh0, many.dh0);
  good = good && finite(one.y) && finite(one.h_n) && finite(one.dx) && finite(one.dh0);
  for (size_t i = 0; i < one.gradients.size(); ++i)
    good = good && same(one.gradients[i], many.gradients[i]) && finite(one.gradients[i]);
  return good;
}

}  // namespace

int main(int count, char** arguments) {
  return run_seeds(count, arguments, [](unsigned seed) {
    const Case c = random_case(seed);
    const Results one = run(c, 1);
    if (sound(one, run(c, 3)) && nothing_of_nothing(c, one) && same_turned(c, one, run(turned(c), 2))) return true;
    const bigru_gru_layer& l = c.layer;
    std::fprintf(stderr, "seed %u: B %" PRId64 " T %" PRId64 " I %" PRId64 " H %" PRId64 " D %d failed\n", seed, l.B, l.T, l.I, l.H, l.D);
    return false;
  });
}
