// sigmoid and tanh of a vector, at most 2 ulp from the true value (tests/native/test_vmath.py walks the floats).
// Results too small for a normal float may be zero. NaN gives NaN and the infinities give their limits.
#pragma once

#include "simd.h"

namespace {

// e^x = scale * (1 + p) with scale a power of two and |p| < 1/2. x is clamped so that scale is finite and not zero.
struct Exponential { vf scale, p; };

BIGRU_INLINE Exponential split_exp(vf x) {
  const float round = 12582912.0f;  // 1.5 * 2^23: adding it leaves the nearest integer in the low bits
  x = at_most(88.25f, at_least(-87.0f, x));
  const vf shifted = x * 1.44269504088896f + round;
  const vf n = shifted - round;
  const vf r = (x - n * 0.693359375f) - n * -2.12194440054691e-4f;  // ln 2 in two parts, the first one exact
  vf q = 0x1.a1a2e2p-13f * r + 0x1.6d75dap-10f;                     // (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2
  q = ((q * r + 0x1.11108ep-7f) * r + 0x1.5554acp-5f) * r + 0x1.555556p-3f;
  q = q * r + 0.5f;
  const vi exponent = (bits(shifted) << 23) + (127 << 23);
  return {floats(exponent), r + r * r * q};
}

// 1 / (1 + e^-x). The smaller of scale and 1 joins the small terms first, so that nothing is swallowed.
BIGRU_INLINE vf sigmoid(vf x) {
  const Exponential e = split_exp(-x);
  return 1.0f / (at_least(1.0f, e.scale) + (e.scale * e.p + at_most(1.0f, e.scale)));
}

// Near 0 an odd polynomial, which keeps the relative accuracy; beyond it 1 - 2 / (1 + e^(2|x|)).
BIGRU_INLINE vf tanh(vf x) {
  const vi sign = bits(x) & INT32_MIN;
  const vf a = floats(bits(x) ^ sign), s = x * x;
  const Exponential e = split_exp(a + a);
  const vf large = 1.0f - 2.0f / (e.scale + (e.scale * e.p + 1.0f));
  vf q = ((-0x1.7d5c04p-8f * s + 0x1.53b7d8p-6f) * s - 0x1.b875aap-5f) * s + 0x1.1108bep-3f;
  q = q * s - 0x1.55553ap-2f;
  const vf small = a + a * s * q;
  return floats(bits(select(a < splat(0.61f), small, large)) | sign);
}

}  // namespace
