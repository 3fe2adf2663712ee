// Embeddings and pooling: vectors of tables by their ids, and what vectors come to over the steps.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "../runtime/call.h"

using namespace bigru;

namespace {

constexpr int64_t kAhead = 8;      // steps whose rows are fetched before they are needed: large tables lie in no cache
constexpr int64_t kLineBytes = 64;
constexpr int64_t kMost = int64_t{1} << 40;       // numbers of a table
constexpr char kTooLarge[] = "the arrays would be too large";

struct Tables {
  int64_t count;
  const bigru_embedding_table* at;
  const int32_t* ids;  // [N, count]

  void prefetch(int64_t row) const {
    for (int64_t c = 0; c < count; ++c) {
      const int64_t first = ids[row * count + c] * at[c].dim;
      const char* from = at[c].values ? reinterpret_cast<const char*>(at[c].values + first)
                                    : reinterpret_cast<const char*>(at[c].quantized + first);
      const int64_t bytes = at[c].dim * static_cast<int64_t>(at[c].values ? sizeof(float) : 1);
      for (int64_t b = 0; b < std::min<int64_t>(bytes, 8 * kLineBytes); b += kLineBytes) __builtin_prefetch(from + b);
    }
  }

  void copy(int64_t row, int64_t c, float* __restrict to) const {
    const bigru_embedding_table& table = at[c];
    const int64_t id = ids[row * count + c], first = id * table.dim;
    if (table.values) {
      std::memcpy(to, table.values + first, static_cast<size_t>(table.dim) * sizeof(float));
      return;
    }
    const int8_t* __restrict quantized = table.quantized + first;
    const float* __restrict scales = table.scales;
    for (int64_t i = 0; i < table.dim; ++i) to[i] = scales[i] * static_cast<float>(quantized[i]);
  }
};

std::string check_sequences(const bigru_sequences& s) {
  if (s.B < 0 || s.N < 0) return "B and N must not be negative";
  if (s.B > 0 && !(s.starts && s.lengths)) return "starts and lengths must not be NULL";
  for (int64_t b = 0; b < s.B; ++b)
    if (s.lengths[b] < 0 || s.starts[b] < 0 || s.starts[b] > s.N || s.lengths[b] > s.N - s.starts[b])
      return "sequence " + std::to_string(b) + " must lie within the " + std::to_string(s.N) + " rows";
  return "";
}

// Of the products of sizes that only `to` has.
bool output_too_large(int64_t B, int64_t T, int64_t columns) {
  return too_large({static_cast<double>(B), static_cast<double>(T), static_cast<double>(columns)});
}

std::string check_tables(int64_t C, const bigru_embedding_table* tables) {
  if (C < 1 || C > 1024 || !tables) return "there must be 1..1024 tables";
  for (int64_t c = 0; c < C; ++c) {
    const bigru_embedding_table& t = tables[c];
    if (t.size < 0 || t.dim < 1 || t.dim > kMost || t.size > kMost / t.dim) return "tables must have sizes of at least 0, dims of at least 1, and at most 2^40 numbers";
    if (t.values ? t.quantized || t.scales : !(t.quantized && t.scales)) return "a table must have values, or quantized and scales";
  }
  return "";
}

// Only ids of sequences are looked at; the last row of ids that a sequence has is read.
std::string check_ids(const bigru_sequences& s, const Tables& tables) {
  for (int64_t b = 0; b < s.B; ++b)
    for (int64_t row = s.starts[b]; row < s.starts[b] + s.lengths[b]; ++row)
      for (int64_t c = 0; c < tables.count; ++c) {
        const int64_t id = tables.ids[row * tables.count + c];
        if (id < 0 || id >= tables.at[c].size)
          return "ids[" + std::to_string(row) + ", " + std::to_string(c) + "] must be 0.." +
                 std::to_string(tables.at[c].size - 1) + ", got " + std::to_string(id);
      }
  return "";
}

std::string check_all(const bigru_sequences& s, const Tables& tables) {
  std::string wrong = check_sequences(s);
  if (wrong.empty()) wrong = check_tables(tables.count, tables.at);
  if (wrong.empty() && too_large({static_cast<double>(s.N), static_cast<double>(tables.count)})) wrong = kTooLarge;
  if (wrong.empty() && s.N > 0 && !tables.ids) wrong = "ids must not be NULL";
  return wrong.empty() ? check_ids(s, tables) : wrong;
}

float root(int64_t length) { return std::sqrt(static_cast<float>(std::max<int64_t>(length, 1))); }

void greatest(const float* __restrict values, int64_t steps, int64_t C, float* __restrict to) {
  std::fill(to, to + C, -std::numeric_limits<float>::infinity());
  for (int64_t t = 0; t < steps; ++t, values += C)
    for (int64_t c = 0; c < C; ++c) {
      const float most = to[c], value = values[c];
      to[c] = ((most >= value) | (most != most)) ? most : value;  // what is NaN stays
    }
}

// Steps that are added up in float; further ones in double, or a million steps would cost three digits of their sum.
constexpr int64_t kBlock = 256;

// Moves what a block adds up to, part [C], into whole [C].
void carry(std::vector<double>& whole, float* part) {
  for (size_t c = 0; c < whole.size(); ++c) {
    whole[c] += part[c];
    part[c] = 0.0f;
  }
}

void sum(const float* __restrict values, int64_t steps, int64_t C, float divisor, float* __restrict to) {
  std::vector<double> whole(steps > kBlock ? static_cast<size_t>(C) : 0);
  std::fill(to, to + C, 0.0f);
  for (int64_t t = 0; t < steps; ++t, values += C) {
    if (t && t % kBlock == 0) carry(whole, to);
    for (int64_t c = 0; c < C; ++c) to[c] += values[c];
  }
  for (size_t c = 0; c < whole.size(); ++c) to[c] = static_cast<float>(whole[c] + to[c]);
  for (int64_t c = 0; c < C; ++c) to[c] /= divisor;
}

}  // namespace

extern "C" {

int bigru_embedding_lookup(const bigru_sequences* sequences, int64_t C, const bigru_embedding_table* tables, const int32_t* ids, int64_t T,
               float* to) {
  const bigru_sequences& s = *sequences;
  const Tables all = {C, tables, ids};
  std::string wrong = check_all(s, all);
  for (int64_t b = 0; wrong.empty() && b < s.B; ++b)
    if (s.lengths[b] > T) wrong = "T must be at least the longest length, got " + std::to_string(T);
  int64_t width = 0;
  for (int64_t c = 0; wrong.empty() && c < C; ++c) width += tables[c].dim;
  if (wrong.empty() && output_too_large(s.B, T, width)) wrong = kTooLarge;
  if (wrong.empty() && s.B > 0 && T > 0 && !to) wrong = "to must not be NULL";
  if (!wrong.empty()) return fail(BIGRU_INVALID, "bigru_embedding_lookup: " + wrong);
  for (int64_t b = 0; b < s.B; ++b) {
    const int64_t end = s.starts[b] + s.lengths[b];
    for (int64_t row = s.starts[b]; row < std::min(end, s.starts[b] + kAhead); ++row) all.prefetch(row);
    for (int64_t row = s.starts[b]; row < end; ++row) {
      if (row + kAhead < end) all.prefetch(row + kAhead);
      for (int64_t c = 0; c < C; to += tables[c].dim, ++c) all.copy(row, c, to);
    }
    const int64_t past = (T - s.lengths[b]) * width;
    std::fill(to, to + past, 0.0f);
    to += past;
  }
  return BIGRU_OK;
}

int bigru_embedding_bag(const bigru_sequences* sequences, int64_t C, const bigru_embedding_table* tables, const int32_t* ids, float* to) {
  const bigru_sequences& s = *sequences;
  const Tables all = {C, tables, ids};
  std::string wrong = check_all(s, all);
  for (int64_t c = 1; wrong.empty() && c < C; ++c)
    if (tables[c].dim != tables[0].dim) wrong = "the tables must be equally wide";
  if (wrong.empty() && output_too_large(s.B, 1, tables[0].dim)) wrong = kTooLarge;
  if (wrong.empty() && s.B > 0 && !to) wrong = "to must not be NULL";
  if (!wrong.empty()) return fail(BIGRU_INVALID, "bigru_embedding_bag: " + wrong);
  if (s.B == 0) return BIGRU_OK;
  return guarded("bigru_embedding_bag", [&] {
    const int64_t dim = tables[0].dim;
    std::vector<float> step(static_cast<size_t>(dim)), row_of(static_cast<size_t>(dim));
    std::vector<double> whole;
    for (int64_t b = 0; b < s.B; ++b, to += dim) {
      std::fill(to, to + dim, 0.0f);
      const int64_t first = s.starts[b], end = first + s.lengths[b];
      whole.assign(s.lengths[b] > kBlock ? static_cast<size_t>(dim) : 0, 0.0);
      for (int64_t row = first; row < end; ++row) {
        if (row > first && (row - first) % kBlock == 0) carry(whole, to);
        if (row + kAhead < end) all.prefetch(row + kAhead);
        all.copy(row, 0, step.data());
        for (int64_t c = 1; c < C; ++c) {
          all.copy(row, c, row_of.data());
          for (int64_t i = 0; i < dim; ++i) step[i] += row_of[i];
        }
        for (int64_t i = 0; i < dim; ++i) to[i] += step[i];
      }
      for (size_t i = 0; i < whole.size(); ++i) to[i] = static_cast<float>(whole[i] + to[i]);
      for (int64_t i = 0; i < dim; ++i) to[i] /= root(s.lengths[b]);
    }
    return int{BIGRU_OK};
  });
}

int bigru_pool(int64_t B, int64_t T, int64_t C, const int64_t* lengths, const float* values, int pooling, float* to,
               int64_t stride) {
  std::string wrong;
  if (B < 0 || T < 0 || C < 0 || stride < C) wrong = "B, T and C must not be negative, stride at least C";
  if (wrong.empty() && (output_too_large(B, T, C) || output_too_large(B, 1, stride))) wrong = kTooLarge;
  if (wrong.empty() && B > 0 && C > 0 && !(lengths && to && (values || T == 0))) wrong = "the arrays must not be NULL";
  if (wrong.empty() && (pooling < BIGRU_POOL_MAX || pooling > BIGRU_POOL_SQRT_N)) wrong = "no such pooling";
  for (int64_t b = 0; wrong.empty() && b < B && C > 0; ++b)
    if (lengths[b] < 0 || lengths[b] > T) wrong = "lengths[" + std::to_string(b) + "] must be 0.." + std::to_string(T);
  if (!wrong.empty()) return fail(BIGRU_INVALID, "bigru_pool: " + wrong);
  return guarded("bigru_pool", [&] {
    for (int64_t b = 0; b < B && C > 0; ++b, values += T * C, to += stride) {
      const int64_t steps = lengths[b];
      if (!steps) std::fill(to, to + C, 0.0f);
      else if (pooling == BIGRU_POOL_MAX) greatest(values, steps, C, to);
      else sum(values, steps, C, pooling == BIGRU_POOL_MEAN ? static_cast<float>(steps) : root(steps), to);
    }
    return int{BIGRU_OK};
  });
}

}  // extern "C"
