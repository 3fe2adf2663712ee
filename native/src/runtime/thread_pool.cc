#include "thread_pool.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

#include "../cpu/machine.h"

namespace bigru {
namespace {

constexpr int kMostHelpers = 4095;  // BIGRU_THREADS takes as many

// Waking a sleeping thread costs about this long, so a wait that may end sooner is spent looping; a longer one is not,
// because the processor may be somebody else's.
constexpr auto kSpin = std::chrono::microseconds(50);

template <class Condition> bool spin_until(Condition condition) {
  if (usable_processors() == 1) return condition();
  const auto end = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < 32; ++i) {
      if (condition()) return true;
      relax();
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

struct Job {
  const std::function<void(int)>* task;
  int count;
  std::atomic<int> next{0};

  void work() {
    FlushDenormals flush;
    for (int i; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;) (*task)(i);
  }
};

class Pool {
 public:
  // One call at a time has the threads; another that comes meanwhile works alone.
  void run(Job& job, int helpers) {
    std::unique_lock<std::mutex> call(calls_, std::try_to_lock);
    if (!call) return job.work();
    open(job, helpers);
    job.work();
    close();
  }

 private:
  void open(Job& job, int helpers) {
    std::lock_guard<std::mutex> lock(mutex_);
    grow(helpers);
    job_ = &job;
    seats_ = helpers;
    offered_.fetch_add(1, std::memory_order_release);
    if (asleep_ > 0) wake_.notify_all();
  }

  // A system without room for more threads is served by those there are.
  void grow(int helpers) {
    for (; threads_ < helpers; ++threads_) {
      try {
        std::thread([this] { serve(); }).detach();
      } catch (const std::system_error&) {
        return;
      }
    }
  }

  // No thread can join once job_ is null; those that did are waited for.
  void close() {
    std::unique_lock<std::mutex> lock(mutex_);
    job_ = nullptr;
    lock.unlock();
    if (spin_until([&] { return working_.load(std::memory_order_acquire) == 0; })) return;
    lock.lock();
    idle_.wait(lock, [&] { return working_.load() == 0; });
  }

  void serve() {
    int64_t seen = 0;
    for (;;) {
      spin_until([&] { return offered_.load(std::memory_order_acquire) != seen; });
      std::unique_lock<std::mutex> lock(mutex_);
      ++asleep_;
      wake_.wait(lock, [&] { return offered_.load() != seen; });
      --asleep_;
      seen = offered_.load();
      if (!job_ || seats_ == 0) continue;
      --seats_;
      working_.fetch_add(1);
      Job* job = job_;
      lock.unlock();
      job->work();
      lock.lock();
      if (working_.fetch_sub(1) == 1) idle_.notify_all();
    }
  }

  std::mutex calls_, mutex_;
  std::condition_variable wake_, idle_;
  std::atomic<int64_t> offered_{0};  // jobs so far
  std::atomic<int> working_{0};
  Job* job_ = nullptr;            // this and the rest under mutex_
  int seats_ = 0, asleep_ = 0, threads_ = 0;
};

std::atomic<Pool*> the_pool{nullptr};

// The threads of a forked process's parent are not in the child, nor are its locks to be trusted: it starts anew.
void forget_pool() { the_pool.store(nullptr); }

// Never deleted: its threads may outlive main.
Pool& pool() {
  Pool* found = the_pool.load(std::memory_order_acquire);
  if (found) return *found;
  static const int registered = pthread_atfork(nullptr, nullptr, forget_pool);
  (void)registered;
  auto made = std::make_unique<Pool>();
  if (the_pool.compare_exchange_strong(found, made.get())) return *made.release();
  return *found;
}

}  // namespace

void run_tasks(int count, int threads, const std::function<void(int)>& task) {
  Job job{&task, count};
  const int helpers = std::min({threads - 1, count - 1, kMostHelpers});
  if (helpers > 0) pool().run(job, helpers);
  else job.work();
}

}  // namespace bigru
