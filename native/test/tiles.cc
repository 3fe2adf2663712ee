// The tile unit's instructions against their emulation, bit for bit: numbers of all sizes, zeros, infinities and NaN.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>

#include "../src/cpu/amx_permission.h"
#include "../src/cpu/machine.h"
#include "tiles.h"

namespace {

constexpr int kWords = 16 * 16;

struct Operands { uint32_t left[kWords], right[kWords]; float sums[kWords]; };

uint32_t number(std::mt19937& random, unsigned seed) {
  std::uniform_real_distribution<float> mantissa(-2.0f, 2.0f);
  const int spread = seed % 3 == 0 ? 2 : seed % 3 == 1 ? 40 : 126;  // of exponents: the widest makes denormal numbers
  const float x = std::ldexp(mantissa(random), static_cast<int>(random() % (2 * spread)) - spread);
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  const uint32_t special[] = {0, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0x00010000};
  return seed % 7 == 6 && random() % 40 == 0 ? special[random() % 6] : bits;
}

Operands random_operands(unsigned seed) {
  std::mt19937 random(seed);
  Operands o;
  for (int i = 0; i < kWords; ++i) {
    o.left[i] = number(random, seed) >> 16 | (number(random, seed) & 0xffff0000u);
    o.right[i] = number(random, seed) >> 16 | (number(random, seed) & 0xffff0000u);
    const uint32_t sum = number(random, seed);
    std::memcpy(&o.sums[i], &sum, sizeof sum);
  }
  return o;
}

// Which bits a NaN has may differ.
bool same(const float* a, const float* b) {
  for (int i = 0; i < kWords; ++i)
    if (std::memcmp(a + i, b + i, sizeof *a) != 0 && !(std::isnan(a[i]) && std::isnan(b[i]))) return false;
  return true;
}

bool agree(unsigned seed) {
  const Operands o = random_operands(seed);
  float real[kWords], emulated[kWords];
  int32_t real_whole[kWords], emulated_whole[kWords];
  for (float* to : {real, emulated}) std::memcpy(to, o.sums, sizeof real);
  for (int32_t* to : {real_whole, emulated_whole})
    for (int i = 0; i < kWords; ++i) to[i] = static_cast<int32_t>(o.left[i] >> 8) - 1000;
  real_tiles.pairs(o.left, o.right, real);
  emulated_tiles.pairs(o.left, o.right, emulated);
  real_tiles.quads(o.left, o.right, real_whole);
  emulated_tiles.quads(o.left, o.right, emulated_whole);
  return same(real, emulated) && std::memcmp(real_whole, emulated_whole, sizeof real_whole) == 0;
}

}  // namespace

int main() {
  if (!__builtin_cpu_supports("avx512bf16") || !bigru::amx_permitted()) {
    std::fprintf(stderr, "skipped: this machine lends no AMX\n");
    return 77;  // what CTest takes for skipped
  }
  const bigru::FlushDenormals flush;  // as in the kernels
  for (const TileProducts* tiles : {&real_tiles, &emulated_tiles})
    if (!tiles->right() || tiles->right_though_spoilt()) return std::fprintf(stderr, "the check of the tiles is wrong\n"), 1;
  for (unsigned seed = 0; seed < 500; ++seed)
    if (!agree(seed)) return std::fprintf(stderr, "seed %u: the instructions and their emulation differ\n", seed), 1;
  std::printf("500 products agree\n");
  return 0;
}
