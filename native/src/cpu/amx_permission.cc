#include "amx_permission.h"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace bigru {

#if defined(__x86_64__) && defined(__linux__)

namespace {

bool processor_has_amx() {
  unsigned a, b, c, d;
  const unsigned system_saves = 1u << 27, bf16 = 1u << 22, tile = 1u << 24, int8 = 1u << 25;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & system_saves)) return false;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & (bf16 | tile | int8)) != (bf16 | tile | int8)) return false;
  if (!__get_cpuid_count(0x1d, 1, &a, &b, &c, &d)) return false;
  const unsigned bytes = a >> 16, row_bytes = b & 0xffff, tiles = b >> 16, rows = c & 0xffff;
  return bytes >= 1024 && row_bytes >= 64 && tiles >= 8 && rows >= 16;
}

// The states of XCR0 that the system saves: those of tiles' shapes and contents.
bool system_saves_tiles() {
  unsigned low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  const unsigned shapes = 1u << 17, contents = 1u << 18;
  return (low & (shapes | contents)) == (shapes | contents);
}

// For the whole process and those it forks. Refused for instance where a thread's stack for signals is too small.
bool system_permits_tiles() {
  const int64_t request = 0x1023, contents = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, request, contents) == 0;
}

}  // namespace

bool amx_permitted() {
  static const bool permitted = processor_has_amx() && system_saves_tiles() && system_permits_tiles();
  return permitted;
}

#else

bool amx_permitted() { return false; }

#endif

}  // namespace bigru
