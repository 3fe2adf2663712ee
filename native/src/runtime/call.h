// What every entry point of the C interface needs: errors, checks of arrays, and tasks that may run out of memory.
#pragma once

#include <atomic>
#include <exception>
#include <initializer_list>
#include <new>
#include <string>

#include "bigru.h"
#include "memory.h"
#include "thread_pool.h"

namespace bigru {

// Remembers the message for bigru_last_error and returns the code.
int fail(int code, const std::string& message);

// True if an array of these sizes is beyond any memory. Products of sizes that it is false for fit into 64 bits; sums
// among the sizes must be made of doubles, which do not overflow.
bool too_large(std::initializer_list<double> sizes);

// Empty if none of the pointers is null, otherwise the name of the first that is.
struct Named { const char* name; const void* data; };
std::string check_present(const char* where, std::initializer_list<Named> arrays);

// Empty if what is written overlaps nothing else.
struct Array { const char* name; const float* data; int64_t floats; };
std::string check_apart(const char* where, std::initializer_list<Array> written, std::initializer_list<Array> read);

// Empty if B lengths of inputs that lie one after the other are not negative and add up to N.
std::string check_joined(int64_t N, int64_t B, const int64_t* lengths);

// Runs body(), which returns a code; an exception becomes one.
template <class Body> int guarded(const char* where, Body body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return fail(BIGRU_NO_MEMORY, std::string(where) + ": out of memory");
  } catch (const std::exception& e) {
    return fail(BIGRU_INVALID, std::string(where) + ": " + e.what());
  }
}

// run_tasks for tasks that need memory: false if one had none.
template <class Task> bool run_with_memory(int count, int threads, Task task) {
  std::atomic<bool> had_memory{true};
  run_tasks(count, threads, [&](int i) {
    try {
      task(i);
    } catch (const std::bad_alloc&) {
      had_memory = false;
    }
  });
  return had_memory;
}

}  // namespace bigru
