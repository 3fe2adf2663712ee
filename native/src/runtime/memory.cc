#include "memory.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif
#if defined(BIGRU_POISON) && defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

#include "bigru.h"

namespace bigru {
namespace {

constexpr size_t kPage = 4096, kHugePage = size_t{2} << 20;
constexpr size_t kMostIdle = 8;                       // blocks waiting to be taken,
constexpr size_t kMostIdleBytes = size_t{512} << 20;  // and what they may hold in all
constexpr size_t kMostFloats = size_t{1} << 52;       // beyond any memory; bytes and their rounding up fit into size_t

struct Free {
  void operator()(float* memory) const { std::free(memory); }
};
using Owned = std::unique_ptr<float, Free>;

size_t round_up(size_t n, size_t unit) { return (n + unit - 1) / unit * unit; }

size_t page_for(size_t bytes) { return bytes < 2 * kHugePage ? kPage : kHugePage; }
size_t whole_pages(size_t bytes) { return round_up(bytes, page_for(bytes)); }

Owned allocate(size_t bytes) {
  Owned memory(static_cast<float*>(std::aligned_alloc(page_for(bytes), whole_pages(bytes))));
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (memory && page_for(bytes) == kHugePage) madvise(memory.get(), whole_pages(bytes), MADV_HUGEPAGE);
#endif
  return memory;
}

// In builds for tests what is lent holds NaN and ends where it was asked to, so that a kernel that reads what it has not
// written, or past the end of what it asked for, is found out although the memory has been used before.
#if defined(BIGRU_POISON)
float* spoil(float* memory, size_t floats) {
  if (memory) std::fill(memory, memory + floats, std::numeric_limits<float>::quiet_NaN());
  return memory;
}
#else
float* spoil(float* memory, size_t) { return memory; }
#endif
#if defined(BIGRU_POISON) && defined(__SANITIZE_ADDRESS__)
void open_until(const float* memory, size_t floats, size_t size) {
  __asan_unpoison_memory_region(memory, size * sizeof(float));
  __asan_poison_memory_region(memory + floats, (size - floats) * sizeof(float));
}
#else
void open_until(const float*, size_t, size_t) {}
#endif

struct Memory {
  Owned data;
  size_t size = 0;

  float* get(size_t floats) {
    if (floats > size) grow(floats);
    open_until(data.get(), floats, size);
    return spoil(data.get(), floats);
  }

  void grow(size_t floats) {
    open_until(data.get(), size, size);
    data.reset();
    size = 0;
    if (floats <= kMostFloats) data = allocate(floats * sizeof(float));
    if (!data) throw std::bad_alloc();
    size = whole_pages(floats * sizeof(float)) / sizeof(float);
  }
};

struct Block {
  Owned memory;
  size_t bytes;
};

// Blocks given out and blocks idle. Shapes vary from batch to batch, so sizes come in coarse classes.
class Blocks {
 public:
  float* take(size_t bytes) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto fits = [&](const Block& b) { return b.bytes >= bytes && b.bytes / 2 <= bytes; };
    auto found = std::find_if(idle_.begin(), idle_.end(), fits);
    if (found == idle_.end()) {
      Block fresh{allocate(coarse(bytes)), coarse(bytes)};
      if (!fresh.memory) return nullptr;
      taken_.push_back(std::move(fresh));
    } else {
      taken_.push_back(std::move(*found));
      idle_.erase(found);
    }
    return taken_.back().memory.get();
  }

  void give(float* memory) {
    std::lock_guard<std::mutex> lock(mutex_);
    auto found = std::find_if(taken_.begin(), taken_.end(), [&](const Block& b) { return b.memory.get() == memory; });
    if (found == taken_.end()) return;
    idle_.push_back(std::move(*found));
    taken_.erase(found);
    while (idle_.size() > kMostIdle || idle_bytes() > kMostIdleBytes) idle_.erase(idle_.begin());
  }

 private:
  // Up to an eighth more than asked for, so that batches a little longer fit too.
  static size_t coarse(size_t bytes) {
    size_t unit = kPage;
    while (unit * 16 < bytes) unit *= 2;
    return round_up(bytes, unit);
  }

  size_t idle_bytes() const {
    size_t sum = 0;
    for (const Block& b : idle_) sum += b.bytes;
    return sum;
  }

  std::mutex mutex_;
  std::vector<Block> taken_, idle_;  // idle: the longest idle first
};

// Never destroyed: blocks may come back while the process ends.
Blocks& blocks() {
  static Blocks* const all = new Blocks;
  return *all;
}

}  // namespace

float* task_memory(size_t floats) {
  thread_local Memory memory;
  return memory.get(floats);
}

float* call_memory(size_t floats) {
  thread_local Memory memory;
  return memory.get(floats);
}

float* alloc_block(size_t floats) {
  if (floats > kMostFloats) return nullptr;
  try {
    return spoil(blocks().take(std::max<size_t>(floats, 1) * sizeof(float)), floats);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void free_block(float* block) { blocks().give(block); }

}  // namespace bigru

extern "C" {

float* bigru_alloc_floats(int64_t count) { return count < 0 ? nullptr : bigru::alloc_block(static_cast<size_t>(count)); }
void bigru_free_floats(float* floats) { bigru::free_block(floats); }

}  // extern "C"
