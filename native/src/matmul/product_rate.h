// What this instruction set can do at most: products and sums that stay in registers. Included by table.h.
#pragma once

#include "products.h"

namespace {

// Runs `rounds` rounds of independent chains of products and sums and returns how many operations that were.
// Chains: a fused operation takes four cycles and two start in each, so eight keep the units busy; more where product and
// sum are two operations. Thirteen and the two factors fit into sixteen registers.
constexpr int kChains = 13;

template <class E> inline double register_products(int64_t rounds, float* sink) {
  E factors[W + 1] = {};
  typename Number<E>::sum chain[kChains] = {};
  for (int i = 1; i < kChains; ++i) chain[i] = chain[i - 1] + 1;  // of equal ones a compiler would keep only one
  for (int64_t n = 0; n < rounds; ++n)
#pragma GCC unroll 13
    for (int i = 0; i < kChains; ++i) multiply_add(chain[i], factors, factors + 1);
  typename Number<E>::sum sum = chain[0];
  for (int i = 1; i < kChains; ++i) sum += chain[i];
  *sink = static_cast<float>(sum[0]);  // so that the work is not dropped
  return 2.0 * Number<E>::count * W * kChains * static_cast<double>(rounds);
}

// A compiler knows float well enough to take a product that never changes out of the loop: x = x * 1/2 + 1 does change.
template <> inline double register_products<float>(int64_t rounds, float* sink) {
  const vf half = splat(0.5f), one = splat(1.0f);
  vf chain[kChains];
  for (int i = 0; i < kChains; ++i) chain[i] = splat(static_cast<float>(i));
  for (int64_t n = 0; n < rounds; ++n)
#pragma GCC unroll 13
    for (int i = 0; i < kChains; ++i) chain[i] = chain[i] * half + one;
  vf sum = chain[0];
  for (int i = 1; i < kChains; ++i) sum += chain[i];
  *sink = sum[0];
  return 2.0 * W * kChains * static_cast<double>(rounds);
}

#if BIGRU_TILES

// A product of tiles takes sixteen cycles, so a sixteenth of the rounds takes as long; six sums hide how long one waits.
template <class E> inline double tile_products(int64_t rounds, float* sink) {
  const ProductScope<E> tiles;
  constexpr int sums = 6;
  for_each<sums + 2>([](auto t) { tile_zero<decltype(t)::value>(); });
  rounds = rounds / 16 + 1;
  for (int64_t n = 0; n < rounds; ++n)
    for_each<sums>([](auto t) { tile_add<E, decltype(t)::value, sums, sums + 1>(); });
  *sink = 0.0f;
  return 2.0 * Number<E>::count * TILE * TILE * TILE * sums * static_cast<double>(rounds);
}

#endif

template <class E> inline double products(int64_t rounds, float* sink) {
#if BIGRU_TILES
  return tile_products<E>(rounds, sink);
#else
  return register_products<E>(rounds, sink);
#endif
}

// Null where the instruction set has no such products and the kernels make them of others.
template <class E> constexpr double (*measured())(int64_t, float*) { return Number<E>::native ? products<E> : nullptr; }

}  // namespace
