// The rate of products that the machine reaches when nothing else is in the way: what the kernels are measured against.
#include <algorithm>
#include <chrono>
#include <vector>

#include "../cpu/dispatch.h"
#include "../cpu/machine.h"
#include "../runtime/call.h"

using namespace bigru;

namespace {
constexpr int kMostThreads = 4096;
constexpr int64_t kRounds = 1000000;  // some milliseconds: waking the helper threads does not count beside them
}

extern "C" double bigru_product_rate(int precision, int threads) {
  const Kernels* k = kernels();
  if (!k) return fail(BIGRU_UNSUPPORTED, std::string("bigru_product_rate: ") + why_no_kernels()), -1;
  if (precision < 0 || precision >= kPrecisions) return fail(BIGRU_INVALID, "bigru_product_rate: no such precision"), -1;
  const auto products = k->products[precision];
  if (!products) return 0;
  if (threads < 1) threads = default_threads();
  if (threads > kMostThreads) return fail(BIGRU_INVALID, "bigru_product_rate: threads must be at most 4096, got " + std::to_string(threads)), -1;
  struct alignas(64) Share {  // a cache line each
    float sink;
    double operations;
  };
  std::vector<Share> shares(static_cast<size_t>(std::max(threads, 1)));
  const auto start = std::chrono::steady_clock::now();
  run_tasks(static_cast<int>(shares.size()), threads, [&](int i) {
    Share& share = shares[static_cast<size_t>(i)];
    share.operations = products(kRounds, &share.sink);
  });
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  double operations = 0;
  for (const Share& share : shares) operations += share.operations;
  return operations / seconds.count();
}
