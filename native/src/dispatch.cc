#include "dispatch.h"

#include <cstdlib>
#include <cstring>

#include "amx_lent.h"
#include "call.h"

namespace bigru {

extern const Kernels baseline_kernels;
#if defined(__x86_64__)
extern const Kernels avx2_kernels, avx512_kernels, avx512_bf16_kernels;
#endif
#if BIGRU_AMX
extern const TileKernels amx_kernels;
#endif
#if BIGRU_EMULATED_AMX
extern const TileKernels amx_emulated_kernels;
#endif

namespace {

struct Set {
  const Kernels* kernels;
  bool (*lent)();            // whether tiles may be used
  const TileKernels* tiles;  // or null
};

const Set best_first[] = {
#if BIGRU_AMX
    {&avx512_bf16_kernels, lends_amx, &amx_kernels},
#endif
#if defined(__x86_64__)
    {&avx512_bf16_kernels, nullptr, nullptr},
    {&avx512_kernels, nullptr, nullptr},
    {&avx2_kernels, nullptr, nullptr},
#endif
    {&baseline_kernels, nullptr, nullptr},
#if BIGRU_EMULATED_AMX  // for tests: behind the one that runs everywhere, so never the best
    {&avx512_bf16_kernels, [] { return true; }, &amx_emulated_kernels},
#endif
};
constexpr int kBuilt = sizeof best_first / sizeof *best_first;

const char* name_of(const Set& set) { return set.tiles ? set.tiles->name : set.kernels->name; }

bool runs(const Kernels* k) {
#if defined(__x86_64__)
  if (k == &avx2_kernels) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("fma");
  if (k == &avx512_kernels) return avx512;
  if (k == &avx512_bf16_kernels)
    return avx512 && __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512vnni");
#endif
  return k == &baseline_kernels;
}

bool runs(const Set& set) { return runs(set.kernels) && (!set.tiles || set.lent()); }

Kernels with_tiles(const Kernels& around, const TileKernels& tiles) {
  Kernels k = around;
  k.name = tiles.name;
  k.gru[kBf16] = tiles.bf16;
  k.gru[kInt8] = tiles.int8;
  k.products[kBf16] = tiles.bf16_products;
  k.products[kInt8] = tiles.int8_products;
  return k;
}

const Set* choose() {
  const char* name = std::getenv("BIGRU_ISA");
  for (const Set& set : best_first)
    if ((!name || !*name || std::strcmp(name, name_of(set)) == 0) && runs(set)) return &set;
  return nullptr;
}

const Set* chosen() {
  static const Set* const set = choose();
  return set;
}

const Kernels* make_kernels() {
  const Set* set = chosen();
  if (!set || !set->tiles) return set ? set->kernels : nullptr;
  static const Kernels made = with_tiles(*set->kernels, *set->tiles);
  return set->tiles->right() ? &made : nullptr;
}

}  // namespace

const Kernels* kernels() {
  static const Kernels* const made = make_kernels();
  return made;
}

const char* why_no_kernels() {
  return chosen() ? "the tiles of this CPU must multiply as AMX defines it; without them: BIGRU_ISA=avx512_bf16"
                  : "BIGRU_ISA must name an instruction set of this build and this CPU";
}

}  // namespace bigru

using namespace bigru;

extern "C" {

const char* bigru_isa(void) { return kernels() ? kernels()->name : nullptr; }

const char* bigru_isa_built(int i, int* runs_here) {
  if (i < 0 || i >= kBuilt) return nullptr;
  if (runs_here) *runs_here = runs(best_first[i]);
  return name_of(best_first[i]);
}

int bigru_vector_math(int function, const float* in, float* out, int64_t count) {
  if (!kernels()) return fail(BIGRU_UNSUPPORTED, std::string("bigru_vector_math: ") + why_no_kernels());
  if (function < 0 || function > 3) return fail(BIGRU_INVALID, "bigru_vector_math: function must be 0..3, got " + std::to_string(function));
  if (count < 0) return fail(BIGRU_INVALID, "bigru_vector_math: count must not be negative, got " + std::to_string(count));
  run_tasks(1, 1, [&](int) { kernels()->vector_math(function, in, out, static_cast<long>(count)); });
  return BIGRU_OK;
}

}  // extern "C"
