// Rows of tables, their sums, poolings and n-grams on random sizes, on arrays of exactly the size the header names, for the
// sanitizers to watch; what comes out is what a loop over the definitions gives, and everything is written.
#include "fuzz.h"

namespace {

using Integers = std::vector<int64_t>;

struct Case {
  int64_t B, T, N, C, dim;
  Integers starts, lengths, sizes, dims;
  std::vector<int32_t> ids;
  std::vector<Floats> rows, scales;
  std::vector<std::vector<int8_t>> whole;  // empty for a table of floats
  Floats values;                           // [B, T, C], for the poolings
};

Floats random_floats(std::mt19937& random, int64_t count) {
  std::uniform_real_distribution<float> value(-1.0f, 1.0f);
  Floats a(static_cast<size_t>(count));
  for (float& x : a) x = value(random);
  return a;
}

void add_table(Case& c, std::mt19937& random, bool equal) {
  const int64_t size = draw_size(random, 1, 9), dim = equal ? c.dim : draw_size(random, 1, 30);
  c.sizes.push_back(size), c.dims.push_back(dim);
  c.rows.push_back(random_floats(random, size * dim)), c.scales.push_back(random_floats(random, dim));
  c.whole.emplace_back();
  if (random() % 2) return;
  for (int64_t i = 0; i < size * dim; ++i) c.whole.back().push_back(static_cast<int8_t>(random() % 255 - 127));
}

Case random_case(unsigned seed) {
  std::mt19937 random(seed);
  Case c{};
  c.B = draw_size(random, 0, 9), c.T = draw_size(random, 0, 12), c.C = draw_size(random, 1, 4);
  c.dim = draw_size(random, 1, 30);
  c.lengths = draw_lengths(random, c.B, c.T);
  for (int64_t length : c.lengths) c.starts.push_back(c.N), c.N += length;
  for (int64_t i = 0; i < c.C; ++i) add_table(c, random, seed % 2);
  for (int64_t i = 0; i < c.N * c.C; ++i) c.ids.push_back(static_cast<int32_t>(random() % c.sizes[i % c.C]));
  c.values = random_floats(random, c.B * c.T * c.C);
  for (int64_t b = 0; b < c.B; ++b)
    for (int64_t i = c.lengths[b] * c.C; i < c.T * c.C; ++i) c.values[b * c.T * c.C + i] = kUnwritten;
  return c;
}

std::vector<bigru_embedding_table> tables_of(const Case& c) {
  std::vector<bigru_embedding_table> tables;
  for (int64_t i = 0; i < c.C; ++i)
    if (c.whole[i].empty()) tables.push_back({c.sizes[i], c.dims[i], c.rows[i].data(), nullptr, nullptr});
    else tables.push_back({c.sizes[i], c.dims[i], nullptr, c.whole[i].data(), c.scales[i].data()});
  return tables;
}

float entry(const Case& c, int64_t row, int64_t table, int64_t column) {
  const int64_t at = c.ids[row * c.C + table] * c.dims[table] + column;
  return c.whole[table].empty() ? c.rows[table][at] : c.scales[table][column] * static_cast<float>(c.whole[table][at]);
}

bool looks_right(const Case& c, const bigru_sequences& s, const std::vector<bigru_embedding_table>& tables) {
  int64_t width = 0;
  for (int64_t dim : c.dims) width += dim;
  Floats to = unwritten(c.B * c.T * width), want(to.size());
  must(bigru_embedding_lookup(&s, c.C, tables.data(), c.ids.data(), c.T, to.data()));
  for (int64_t b = 0; b < c.B; ++b)
    for (int64_t t = 0; t < c.lengths[b]; ++t)
      for (int64_t table = 0, at = (b * c.T + t) * width; table < c.C; at += c.dims[table++])
        for (int64_t i = 0; i < c.dims[table]; ++i) want[at + i] = entry(c, c.starts[b] + t, table, i);
  return same(to, want);
}

bool totals_right(const Case& c, const bigru_sequences& s, const std::vector<bigru_embedding_table>& tables) {
  Floats to = unwritten(c.B * c.dim), want(to.size());
  must(bigru_embedding_bag(&s, c.C, tables.data(), c.ids.data(), to.data()));
  for (int64_t b = 0; b < c.B; ++b)
    for (int64_t i = 0; i < c.dim; ++i) {
      float& sum = want[b * c.dim + i];
      for (int64_t row = c.starts[b]; row < c.starts[b] + c.lengths[b]; ++row) {
        float step = entry(c, row, 0, i);
        for (int64_t table = 1; table < c.C; ++table) step += entry(c, row, table, i);
        sum += step;
      }
      sum /= std::sqrt(static_cast<float>(std::max<int64_t>(c.lengths[b], 1)));
    }
  for (size_t i = 0; i < to.size(); ++i)
    if (!(std::fabs(to[i] - want[i]) <= 1e-3f * (1.0f + std::fabs(want[i])))) return false;
  return true;
}

float pooled(const Case& c, int64_t b, int64_t column, int pooling) {
  const float* at = c.values.data() + b * c.T * c.C + column;
  const int64_t steps = c.lengths[b];
  if (steps == 0) return 0.0f;
  float most = at[0], sum = 0.0f;
  for (int64_t t = 0; t < steps; ++t) most = std::max(most, at[t * c.C]), sum += at[t * c.C];
  if (pooling == BIGRU_POOL_MAX) return most;
  return sum / (pooling == BIGRU_POOL_MEAN ? static_cast<float>(steps) : std::sqrt(static_cast<float>(steps)));
}

bool pools_right(const Case& c) {
  const int64_t stride = c.C + 2;  // columns beside are not touched
  for (int pooling : {BIGRU_POOL_MAX, BIGRU_POOL_MEAN, BIGRU_POOL_SQRT_N}) {
    Floats to = unwritten(c.B * stride);
    must(bigru_pool(c.B, c.T, c.C, c.lengths.data(), c.values.data(), pooling, to.data(), stride));
    for (int64_t b = 0; b < c.B; ++b)
      for (int64_t i = 0; i < stride; ++i) {
        const float got = to[b * stride + i];
        if (i >= c.C ? !std::isnan(got) : !(std::fabs(got - pooled(c, b, i, pooling)) <= 1e-5f)) return false;
      }
  }
  return true;
}

bool buckets_right(const Case& c, unsigned seed) {
  const std::vector<uint64_t> codes(static_cast<size_t>(c.N), seed);
  std::vector<int32_t> to(static_cast<size_t>(c.N * 2), 0);
  must(bigru_ngram_buckets(c.N, c.B, c.lengths.data(), codes.data(), -static_cast<int>(seed % 9), static_cast<int>(seed % 3),
                    2 + seed % 100, nullptr, 0, to.data(), 2));
  for (int64_t i = 0; i < c.N; ++i)
    if (to[2 * i] < 1 || to[2 * i] > static_cast<int32_t>(1 + seed % 100) || to[2 * i + 1] != 0) return false;
  // An empty filter knows nothing, a full one everything.
  const int64_t bits = int64_t{64} << (seed % 12);
  for (uint64_t word : {uint64_t{0}, ~uint64_t{0}}) {
    const std::vector<uint64_t> known(static_cast<size_t>(bits / 64), word);
    std::vector<int32_t> again(static_cast<size_t>(c.N * 2), 0);
    must(bigru_ngram_buckets(c.N, c.B, c.lengths.data(), codes.data(), -static_cast<int>(seed % 9), static_cast<int>(seed % 3),
                      2 + seed % 100, known.data(), bits, again.data(), 2));
    for (int64_t i = 0; i < c.N; ++i)
      if (again[2 * i] != (word ? to[2 * i] : 0)) return false;
  }
  return true;
}

bool sound(const Case& c, unsigned seed) {
  const bigru_sequences s = {c.B, c.N, c.starts.data(), c.lengths.data()};
  const auto tables = tables_of(c);
  return looks_right(c, s, tables) && (seed % 2 == 0 || totals_right(c, s, tables)) && pools_right(c) &&
         buckets_right(c, seed);
}

}  // namespace

int main(int count, char** arguments) {
  return run_seeds(count, arguments, [](unsigned seed) {
    const Case c = random_case(seed);
    if (sound(c, seed)) return true;
    std::fprintf(stderr, "seed %u: B %" PRId64 " T %" PRId64 " C %" PRId64 " failed\n", seed, c.B, c.T, c.C);
    return false;
  });
}
