#include "machine.h"

#include "bigru.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace bigru {
namespace {

int processors_of_affinity() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  return static_cast<int>(std::thread::hardware_concurrency());
}

double first_two_divided(const std::string& path) {  // "quota period"; "max" does not parse and means no limit
  std::ifstream file(path);
  double quota = 0, period = 0;
  return file >> quota >> period && quota > 0 && period > 0 ? quota / period : INFINITY;
}

double single_number(const std::string& path) {
  std::ifstream file(path);
  double number = 0;
  return file >> number ? number : -1;
}

// The tightest quota of this process's cgroup (version 2) and those above it.
double quota_of_unified(std::string path) {
  const std::string root = "/sys/fs/cgroup";
  double least = INFINITY;
  for (;;) {
    least = std::min(least, first_two_divided(root + path + "/cpu.max"));
    const size_t slash = path.rfind('/');
    if (path.empty() || slash == std::string::npos) return least;
    path.erase(slash);
  }
}

double processors_of_cgroup() {
  double least = INFINITY;
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);)
    if (line.rfind("0::", 0) == 0) least = std::min(least, quota_of_unified(line.substr(3)));
  const double quota = single_number("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  const double period = single_number("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  return quota > 0 && period > 0 ? std::min(least, quota / period) : least;
}

int threads_of_environment() {
  const char* text = std::getenv("BIGRU_THREADS");
  if (!text || !*text) return -1;
  char* end = nullptr;
  const int64_t n = std::strtol(text, &end, 10);
  return *end == 0 && n > 0 && n <= 4096 ? static_cast<int>(n) : 0;
}

}  // namespace

int usable_processors() {
  static const int count = [] {
    const int set = std::max(1, processors_of_affinity());
    const double quota = std::ceil(processors_of_cgroup());
    return quota < set ? std::max(1, static_cast<int>(quota)) : set;
  }();
  return count;
}

int default_threads() {
  static const int wanted = threads_of_environment();
  return wanted >= 0 ? wanted : usable_processors();
}

#if defined(__SSE2__)

FlushDenormals::FlushDenormals() : before_(_mm_getcsr()) {
  const unsigned flush_results = 0x8000, read_as_zero = 0x0040, no_traps = 0x1f80;
  _mm_setcsr(static_cast<unsigned>(before_) | flush_results | read_as_zero | no_traps);
}
FlushDenormals::~FlushDenormals() { _mm_setcsr(static_cast<unsigned>(before_)); }
void relax() { _mm_pause(); }

#elif defined(__aarch64__)

FlushDenormals::FlushDenormals() {
  const uint64_t flush_to_zero = uint64_t{1} << 24;
  asm volatile("mrs %0, fpcr" : "=r"(before_));
  asm volatile("msr fpcr, %0" : : "r"(before_ | flush_to_zero));
}
FlushDenormals::~FlushDenormals() { asm volatile("msr fpcr, %0" : : "r"(before_)); }
void relax() { asm volatile("yield"); }

#else

FlushDenormals::FlushDenormals() : before_(0) {}
FlushDenormals::~FlushDenormals() {}
void relax() { std::this_thread::yield(); }

#endif

}  // namespace bigru

extern "C" int bigru_threads(void) { return bigru::default_threads(); }
