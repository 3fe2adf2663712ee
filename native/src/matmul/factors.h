// What the factors of a product are stored as: float, or fewer bits that several share a 32-bit word of. The sums are
// float, or 32-bit integers that become float at the end.
//
// float  one number.
// Pair   two bfloat16 (float's upper half, rounded to nearest even), the one of the lower index in the lower half.
// Quad   four 8-bit integers, the lowest index in the lowest byte: rows hold 128 + q, weights hold q, -127 <= q <= 127,
//        and a scale per row and per unit gives q its size.
#pragma once

#include "../cpu/amx_tiles.h"

namespace {

struct __attribute__((may_alias)) Pair { uint32_t bits; };
struct __attribute__((may_alias)) Quad { uint32_t bits; };

// Whether the instruction set has products of them, and whether they are made by the tile unit.
#if BIGRU_TILES == BIGRU_TILES_EMULATED
constexpr bool kPairs = false, kQuads = false, kTiled = true;
#elif BIGRU_TILES == BIGRU_TILES_REAL
constexpr bool kPairs = true, kQuads = true, kTiled = true;
#else
constexpr bool kTiled = false;
#if BIGRU_LANES == 16 && defined(__AVX512BF16__)
constexpr bool kPairs = true;
#else
constexpr bool kPairs = false;
#endif
#if BIGRU_LANES == 16 && defined(__AVX512VNNI__)
constexpr bool kQuads = true;
#else
constexpr bool kQuads = false;
#endif
#endif

// How many share a word, and what their products are summed in. Whole numbers have scales.
template <class E> struct Number;
template <> struct Number<float> {
  static constexpr int64_t count = 1;
  static constexpr bool scaled = false, native = true, tiled = false;
  typedef vf sum;
};
template <> struct Number<Pair> {
  static constexpr int64_t count = 2;
  static constexpr bool scaled = false, native = kPairs, tiled = kTiled;
  typedef vf sum;
};
template <> struct Number<Quad> {
  static constexpr int64_t count = 4;
  static constexpr bool scaled = true, native = kQuads, tiled = kTiled;
  typedef vi sum;
};

// Words that a product of n numbers goes through: those that hold them, and up to whole tiles words of zeros.
template <class E> BIGRU_INLINE int64_t words(int64_t n) {
  const int64_t held = (n + Number<E>::count - 1) / Number<E>::count;
  return Number<E>::tiled ? round_up(held, TILE) : held;
}

BIGRU_INLINE vi splat_bits(uint32_t x) { return (int32_t)x - vi{}; }

// Adds to each lane the products of its word of `column` with the word at `row`.
BIGRU_INLINE void multiply_add(vf& sum, const float* row, const float* column) { sum += *row * load(column); }

#if BIGRU_LANES == 16 && defined(__AVX512BF16__)
BIGRU_INLINE void multiply_add(vf& sum, const Pair* row, const Pair* column) {
  sum = (vf)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_loadu_si512(column), (__m512bh)_mm512_set1_epi32((int)row->bits));
}
#else
BIGRU_INLINE void multiply_add(vf& sum, const Pair* row, const Pair* column) {
  const vi high = splat_bits(0xffff0000u), a = splat_bits(row->bits), b = bits(load((const float*)column));
  sum += floats(a & high) * floats(b & high);
  sum += floats(a << 16) * floats(b << 16);
}
#endif

#if BIGRU_LANES == 16 && defined(__AVX512VNNI__)
BIGRU_INLINE void multiply_add(vi& sum, const Quad* row, const Quad* column) {
  sum = (vi)_mm512_dpbusd_epi32((__m512i)sum, _mm512_set1_epi32((int)row->bits), _mm512_loadu_si512(column));
}
#else
BIGRU_INLINE void multiply_add(vi& sum, const Quad* row, const Quad* column) {
  const vi b = bits(load((const float*)column));
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) sum += (int32_t)(row->bits >> 8 * i & 255) * (b << (24 - 8 * i) >> 24);
}
#endif

typedef uint16_t vh __attribute__((vector_size(W * 2), aligned(2), may_alias));
typedef uint8_t vb __attribute__((vector_size(W), aligned(1), may_alias));

// The bits of x rounded to bfloat16, in the upper half of each lane; the lower half is anything.
BIGRU_INLINE vi round_pair(vf x) {
  const vi u = bits(x), nan = x != x;
  return (nan & (u | 0x400000)) | (~nan & (u + 0x7fff + (u >> 16 & 1)));
}

BIGRU_INLINE void store_narrow(Pair* to, vf x) {
#if BIGRU_LANES == 16 && defined(__AVX512BF16__)
  _mm256_storeu_si256((__m256i*)to, (__m256i)_mm512_cvtneps_pbh((__m512)x));
#else
  *(vh*)to = __builtin_convertvector(round_pair(x) >> 16, vh);
#endif
}

// Lanes of two rows side by side: `even` in the lower halves.
BIGRU_INLINE void store_pairs(Pair* to, vf even, vf odd) {
#if BIGRU_LANES == 16 && defined(__AVX512BF16__)
  const vi a = __builtin_convertvector((vh)_mm512_cvtneps_pbh((__m512)even), vi);
  const vi b = __builtin_convertvector((vh)_mm512_cvtneps_pbh((__m512)odd), vi);
  store((float*)to, floats(a | b << 16));
#else
  const vi high = splat_bits(0xffff0000u);
  store((float*)to, floats((round_pair(even) >> 16 & 0xffff) | (round_pair(odd) & high)));
#endif
}

// One word of each of W columns, from as many rows as share it.
BIGRU_INLINE void store_word(float* to, const vf (&rows)[1]) { store(to, rows[0]); }
BIGRU_INLINE void store_word(Pair* to, const vf (&rows)[2]) { store_pairs(to, rows[0], rows[1]); }

// x * inverse as whole numbers of magnitude 127 at most, plus 128.
BIGRU_INLINE void store_narrow(Quad* to, vf x, float inverse) {
  const float round = 12582912.0f;  // 1.5 * 2^23: adding it leaves the nearest integer in the low bits
  *(vb*)to = __builtin_convertvector((bits(x * inverse + round) & 255) ^ 128, vb);
}

// The largest magnitude of a row; NaN if one of its numbers is not finite.
BIGRU_INLINE float largest(const float* row, int64_t count) {
  vf most = {}, spoilt = {};
  for (int64_t i = 0; i < count; i += W) {
    const vf x = load(row + i), a = floats(bits(x) & INT32_MAX);
    most = select(a > most, a, most);
    spoilt += x - x;
  }
  float top = 0.0f, poison = 0.0f;
  for (int i = 0; i < W; ++i) {
    top = most[i] > top ? most[i] : top;
    poison += spoilt[i];
  }
  return top + poison;
}

// Zeros from the last whole vector of `count` numbers to the end of the words that a product goes through.
template <class E> BIGRU_INLINE void clear_rest(E* row, int64_t count) {
  if constexpr (Number<E>::tiled)
    for (int64_t i = round_up(count, W) / Number<E>::count; i < words<E>(count); ++i) row[i] = {};
}

// to[rows, to_stride] = from[rows, from_stride], whose columns from `count` to the next whole vector are zero.
BIGRU_INLINE void narrow(const float* from, int64_t from_stride, int64_t rows, int64_t count, Pair* to, int64_t to_stride, float*) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t i = 0; i < count; i += W) store_narrow(to + row * to_stride + i / 2, load(from + row * from_stride + i));
    clear_rest(to + row * to_stride, count);
  }
}
BIGRU_INLINE void narrow(const float* from, int64_t from_stride, int64_t rows, int64_t count, Quad* to, int64_t to_stride, float* scales) {
  for (int64_t row = 0; row < rows; ++row) {
    const float* x = from + row * from_stride;
    const float most = largest(x, count);
    scales[row] = most / 127.0f;
    const float inverse = most > 1e-30f ? 127.0f / most : 0.0f;
    for (int64_t i = 0; i < count; i += W) store_narrow(to + row * to_stride + i / 4, load(x + i), inverse);
    clear_rest(to + row * to_stride, count);
  }
}

// to[words(rows), to_stride] = rows of from, two by two side by side; an odd last one is paired with zeros.
BIGRU_INLINE void pair_rows(const float* from, int64_t from_stride, int64_t rows, int64_t count, Pair* to, int64_t to_stride) {
  for (int64_t row = 0; row < rows; row += 2)
    for (int64_t i = 0; i < count; i += W) {
      const float* even = from + row * from_stride + i;
      store_pairs(to + row / 2 * to_stride + i, load(even), row + 1 < rows ? load(even + from_stride) : vf{});
    }
  if constexpr (Number<Pair>::tiled)
    for (int64_t word = (rows + 1) / 2; word < words<Pair>(rows); ++word)
      for (int64_t i = 0; i < count; i += W) store((float*)(to + word * to_stride + i), vf{});
}

// One word of a packed matrix: of the `have` numbers from `from` on, `stride` apart, as many as share a word.
template <class E> inline E pack_word(const float* from, int64_t stride, int64_t have, float inverse);
template <> inline float pack_word<float>(const float* from, int64_t, int64_t have, float) { return have > 0 ? *from : 0.0f; }
template <> inline Pair pack_word<Pair>(const float* from, int64_t stride, int64_t have, float) {
  vf two = {};
  if (have > 0) two[0] = from[0];
  if (have > 1) two[1] = from[stride];
  const vi u = round_pair(two);
  return {((uint32_t)u[0] >> 16) | ((uint32_t)u[1] & 0xffff0000u)};
}
template <> inline Quad pack_word<Quad>(const float* from, int64_t stride, int64_t have, float inverse) {
  uint32_t word = 0;
  for (int64_t i = 0; i < smaller(have, 4); ++i) {
    const float scaled = from[i * stride] * inverse;
    word |= ((uint32_t)(int32_t)(scaled + (scaled < 0 ? -0.5f : 0.5f)) & 255) << 8 * i;
  }
  return {word};
}

}  // namespace
