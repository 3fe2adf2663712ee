// What this instruction set can do at most: products and sums that stay in registers. Included by table.h.
#pragma once

#include "simd.h"

namespace {

// Runs `rounds` rounds of independent chains x = x * 1/2 + 1 and returns how many floating-point operations that were.
// Chains: a fused operation takes four cycles and two start in each, so eight keep the units busy; more where product and
// sum are two operations. Fourteen and the two constants fit into sixteen registers.
inline double float32_products(long rounds, float* sink) {
  constexpr int kChains = 14;
  const vf half = splat(0.5f), one = splat(1.0f);
  vf chain[kChains];
  for (int i = 0; i < kChains; ++i) chain[i] = splat(static_cast<float>(i));
  for (long n = 0; n < rounds; ++n)
#pragma GCC unroll 14
    for (int i = 0; i < kChains; ++i) chain[i] = chain[i] * half + one;
  vf sum = chain[0];
  for (int i = 1; i < kChains; ++i) sum += chain[i];
  *sink = sum[0];  // so that the work is not dropped
  return 2.0 * W * kChains * static_cast<double>(rounds);
}

}  // namespace
