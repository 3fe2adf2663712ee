// Vectors of BIGRU_LANES floats, by the compiler's vector extension: one source for every instruction set.
//
// Included only by the files of src/isa, each of which sets BIGRU_LANES first. Everything here and in the other body
// headers lives in an unnamed namespace, so that each object keeps its own copy: a shared inline function compiled
// for AVX-512 and kept by the linker would crash on a CPU without it. For the same reason no C++ library is used.
#pragma once

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#ifndef BIGRU_LANES
#error "a file of src/isa sets BIGRU_LANES, BIGRU_ROWS and BIGRU_TABLE before it includes the bodies"
#endif

#define BIGRU_INLINE inline __attribute__((always_inline))

namespace {

constexpr int W = BIGRU_LANES;    // floats in a vector
constexpr int ROWS = BIGRU_ROWS;  // rows of a register tile

typedef float vf __attribute__((vector_size(W * 4), may_alias));
typedef int32_t vi __attribute__((vector_size(W * 4), may_alias));
typedef float vf_any __attribute__((vector_size(W * 4), aligned(4), may_alias));  // at any float's address

BIGRU_INLINE vf load(const float* p) { return *(const vf_any*)p; }
BIGRU_INLINE void store(float* p, vf v) { *(vf_any*)p = v; }

// Past the caches to an aligned address: for what is not read again soon. fence() before another thread may read it.
BIGRU_INLINE void stream(float* p, vf v) {
#if !defined(__x86_64__)
  store(p, v);
#elif BIGRU_LANES == 16
  _mm512_stream_ps(p, (__m512)v);
#elif BIGRU_LANES == 8
  _mm256_stream_ps(p, (__m256)v);
#else
  _mm_stream_ps(p, (__m128)v);
#endif
}
BIGRU_INLINE void fence() {
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

// Asks for `floats` floats to come into the second cache.
BIGRU_INLINE void prefetch(const float* p, int64_t floats) {
  for (int64_t i = 0; i < floats; i += 16) __builtin_prefetch(p + i, 0, 2);
}

BIGRU_INLINE vf splat(float x) { return x - vf{}; }
BIGRU_INLINE vi bits(vf v) { return (vi)v; }
BIGRU_INLINE vf floats(vi v) { return (vf)v; }
BIGRU_INLINE vf select(vi mask, vf yes, vf no) { return floats((mask & bits(yes)) | (~mask & bits(no))); }

// The larger and the smaller of a constant and x; NaN where x is NaN. (Masked, for g++ warns of the plain ones' header.)
#if BIGRU_LANES == 16 && defined(__AVX512F__)
BIGRU_INLINE vf at_least(float low, vf x) { return (vf)_mm512_maskz_max_ps(0xffff, (__m512)splat(low), (__m512)x); }
BIGRU_INLINE vf at_most(float high, vf x) { return (vf)_mm512_maskz_min_ps(0xffff, (__m512)splat(high), (__m512)x); }
#elif BIGRU_LANES == 8 && defined(__AVX__)
BIGRU_INLINE vf at_least(float low, vf x) { return (vf)_mm256_max_ps((__m256)splat(low), (__m256)x); }
BIGRU_INLINE vf at_most(float high, vf x) { return (vf)_mm256_min_ps((__m256)splat(high), (__m256)x); }
#else
BIGRU_INLINE vf at_least(float low, vf x) { return select(x < splat(low), splat(low), x); }
BIGRU_INLINE vf at_most(float high, vf x) { return select(x > splat(high), splat(high), x); }
#endif

// The first `count` lanes only; the others read as zero and are not written.
BIGRU_INLINE vf load_first(const float* p, int64_t count) {
  if (count >= W) return load(p);
  float lanes[W] = {};
  for (int64_t i = 0; i < count; ++i) lanes[i] = p[i];
  return load(lanes);
}
BIGRU_INLINE void store_first(float* p, vf v, int64_t count) {
  if (count >= W) return store(p, v);
  float lanes[W];
  store(lanes, v);
  for (int64_t i = 0; i < count; ++i) p[i] = lanes[i];
}

BIGRU_INLINE int64_t round_up(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }
BIGRU_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

// Calls f(Constant<n>{}) with the run-time n as a compile-time one, 1 <= n <= ROWS: a tile kernel per row count.
template <int N> struct Constant { static constexpr int value = N; };
template <int N = ROWS, class F> BIGRU_INLINE void with_rows(int64_t n, F f) {
  if constexpr (N > 1) {
    if (n < N) return with_rows<N - 1>(n, f);
  }
  f(Constant<N>{});
}

}  // namespace
