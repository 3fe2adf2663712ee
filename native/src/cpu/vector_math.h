// sigmoid, tanh, exp and log of a vector, at most 2 ulp from the true value (tests/native/test_vmath.py walks the floats).
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

// The same polynomial as split_exp's, and a scale in two factors, so that results near both ends of the range are right.
BIGRU_INLINE vf exp(vf x) {
  const float round = 12582912.0f;
  const vf low = splat(-87.3365f), high = splat(88.7229f);  // beyond them the result is no normal float
  vf a = select(x < low, low, x);
  a = select(a > high, high, a);
  const vf shifted = a * 1.44269504088896f + round;
  const vf n = shifted - round;
  const vf r = (a - n * 0.693359375f) - n * -2.12194440054691e-4f;
  vf q = 0x1.a1a2e2p-13f * r + 0x1.6d75dap-10f;
  q = ((q * r + 0x1.11108ep-7f) * r + 0x1.5554acp-5f) * r + 0x1.555556p-3f;
  q = q * r + 0.5f;
  const vi power = bits(shifted) - bits(splat(round)), half = power >> 1;
  const vf first = floats((half + 127) << 23), second = floats((power - half + 127) << 23);
  const vf y = (first + first * (r + r * r * q)) * second;
  return select(x < low, vf{}, select(x > high, splat(__builtin_inff()), y));
}

// Of positive normal floats; what is smaller counts as 0. x = 2^n (1 + m) with 1 + m in [sqrt 1/2, sqrt 2).
BIGRU_INLINE vf log(vf x) {
  const vi root_half = bits(splat(0.70710678f));
  const vi n = (bits(x) - root_half) >> 23;
  const vf m = floats(bits(x) - (n << 23)) - 1.0f, power = __builtin_convertvector(n, vf), s = m * m;
  vf q = 0x1.204376p-4f * m + -0x1.d7a37p-4f;  // (log(1 + m) - m + m^2 / 2) / m^3, after Cephes' logf
  q = ((q * m + 0x1.de4a34p-4f) * m + -0x1.fcba9ep-4f) * m + 0x1.23d37ep-3f;
  q = ((q * m + -0x1.555ca0p-3f) * m + 0x1.999d58p-3f) * m + -0x1.fffff8p-3f;
  q = q * m + 0x1.555554p-2f;
  const vf y = ((m * s * q + power * -2.12194440054691e-4f) - 0.5f * s) + m + power * 0.693359375f;
  const vf infinity = splat(__builtin_inff());
  const vf small = select((x > -splat(1.17549435e-38f)) & (x < splat(1.17549435e-38f)), -infinity, splat(__builtin_nanf("")));
  return select(x >= splat(1.17549435e-38f), select(x == infinity, x, y), small);
}

}  // namespace
