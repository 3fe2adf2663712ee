#include "dispatch.h"

#include <cstdlib>
#include <cstring>

#include "call.h"

namespace bigru {

extern const Kernels baseline_kernels;
#if defined(__x86_64__)
extern const Kernels avx2_kernels, avx512_kernels, avx512_bf16_kernels;
#endif

namespace {

const Kernels* const best_first[] = {
#if defined(__x86_64__)
    &avx512_bf16_kernels, &avx512_kernels, &avx2_kernels,
#endif
    &baseline_kernels};
constexpr int kBuilt = sizeof best_first / sizeof *best_first;

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

const Kernels* choose() {
  const char* name = std::getenv("BIGRU_ISA");
  for (const Kernels* k : best_first)
    if (runs(k) && (!name || !*name || std::strcmp(name, k->name) == 0)) return k;
  return nullptr;
}

}  // namespace

const Kernels* kernels() {
  static const Kernels* const chosen = choose();
  return chosen;
}

}  // namespace bigru

using namespace bigru;

extern "C" {

const char* bigru_isa(void) { return kernels() ? kernels()->name : nullptr; }

const char* bigru_isa_built(int i, int* runs_here) {
  if (i < 0 || i >= kBuilt) return nullptr;
  if (runs_here) *runs_here = runs(best_first[i]);
  return best_first[i]->name;
}

int bigru_vector_math(int function, const float* in, float* out, int64_t count) {
  if (!kernels()) return fail(BIGRU_UNSUPPORTED, "bigru_vector_math: BIGRU_ISA must name an instruction set of this CPU");
  run_tasks(1, 1, [&](int) { kernels()->vector_math(function, in, out, static_cast<long>(count)); });
  return BIGRU_OK;
}

}  // extern "C"
