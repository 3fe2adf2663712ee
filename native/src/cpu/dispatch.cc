#include "dispatch.h"

#include <cstdlib>
#include <cstring>
#include <mutex>

#include "../runtime/call.h"
#include "amx_permission.h"

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

struct InstructionSet {
  const Kernels* kernels;
  bool (*permitted)();       // whether tiles may be used
  const TileKernels* tiles;  // or null
};

const InstructionSet best_first[] = {
#if BIGRU_AMX
    {&avx512_bf16_kernels, amx_permitted, &amx_kernels},
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

const char* name_of(const InstructionSet& set) { return set.tiles ? set.tiles->name : set.kernels->name; }

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

bool runs(const InstructionSet& set) { return runs(set.kernels) && (!set.tiles || set.permitted()); }

Kernels with_tiles(const Kernels& around, const TileKernels& tiles) {
  Kernels k = around;
  k.name = tiles.name;
  k.gru[kBf16] = tiles.bf16;
  k.gru[kInt8] = tiles.int8;
  k.products[kBf16] = tiles.bf16_products;
  k.products[kInt8] = tiles.int8_products;
  return k;
}

// The kernels of a set that runs here, put together once; null if its tiles multiply wrongly.
const Kernels* kernels_of(int number) {
  static std::once_flag once[kBuilt];
  static Kernels made[kBuilt];
  static bool right[kBuilt];
  const InstructionSet& set = best_first[number];
  if (!set.tiles) return set.kernels;
  std::call_once(once[number], [&] {
    made[number] = with_tiles(*set.kernels, *set.tiles);
    right[number] = set.tiles->right();
  });
  return right[number] ? &made[number] : nullptr;
}

// The first set that runs here, of this name if one is given; -1 if there is none.
int find_set(const char* name) {
  for (int i = 0; i < kBuilt; ++i)
    if ((!name || std::strcmp(name, name_of(best_first[i])) == 0) && runs(best_first[i])) return i;
  return -1;
}

int set_of_environment() {
  static const int set = [] {
    const char* name = std::getenv("BIGRU_ISA");
    return find_set(name && *name ? name : nullptr);
  }();
  return set;
}

thread_local const Kernels* chosen = nullptr;

}  // namespace

const Kernels* kernels() {
  if (chosen) return chosen;
  static const Kernels* const made = set_of_environment() < 0 ? nullptr : kernels_of(set_of_environment());
  return made;
}

const char* why_no_kernels() {
  return set_of_environment() < 0 ? "BIGRU_ISA must name an instruction set of this build and this CPU"
                                  : "the tiles of this CPU must multiply as AMX defines it; without them: BIGRU_ISA=avx512_bf16";
}

}  // namespace bigru

using namespace bigru;

extern "C" {

const char* bigru_isa(void) {
  const Kernels* k = kernels();
  return k ? k->name : nullptr;
}

const char* bigru_isa_built(int i, int* runs_here) {
  if (i < 0 || i >= kBuilt) return nullptr;
  if (runs_here) *runs_here = runs(best_first[i]);
  return name_of(best_first[i]);
}

int bigru_use_isa(const char* name) {
  if (!name) {
    chosen = nullptr;
    return BIGRU_OK;
  }
  const int set = find_set(name);
  if (set < 0)
    return fail(BIGRU_UNSUPPORTED, std::string("bigru_use_isa: name must be an instruction set of this build that this CPU runs, got ") + name);
  const Kernels* k = kernels_of(set);
  if (!k) return fail(BIGRU_UNSUPPORTED, std::string("bigru_use_isa: the tiles of ") + name + " must multiply as AMX defines it");
  chosen = k;
  return BIGRU_OK;
}

int bigru_vector_math(int function, const float* in, float* out, int64_t count) {
  const Kernels* k = kernels();
  if (!k) return fail(BIGRU_UNSUPPORTED, std::string("bigru_vector_math: ") + why_no_kernels());
  if (function < 0 || function > 3) return fail(BIGRU_INVALID, "bigru_vector_math: function must be 0..3, got " + std::to_string(function));
  if (count < 0) return fail(BIGRU_INVALID, "bigru_vector_math: count must not be negative, got " + std::to_string(count));
  run_tasks(1, 1, [&](int) { k->vector_math(function, in, out, count); });
  return BIGRU_OK;
}

}  // extern "C"
