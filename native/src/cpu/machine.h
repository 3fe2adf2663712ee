// What this process has of the machine: processors, and a floating-point mode while a task runs.
#pragma once

#include <stdint.h>

namespace bigru {

// Processors this process may use: its affinity, capped by the cgroup's quota, at least 1.
int usable_processors();

// BIGRU_THREADS where it is set, else usable_processors(); 0 where BIGRU_THREADS is not a positive integer.
int default_threads();

// Flushes denormal numbers while it lives, then brings the thread's mode back: sums of decaying states reach them,
// and they are a hundred times slower than zeros.
class FlushDenormals {
 public:
  FlushDenormals();
  ~FlushDenormals();
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  uint64_t before_;
};

// Tells the processor that this thread waits in a loop.
void relax();

}  // namespace bigru
