#include "plan.h"

#include <algorithm>
#include <numeric>

namespace bigru {
namespace {

constexpr int64_t kGroupRows = 16;  // two tiles of the widest kernel: enough to hide a weight's way from the cache
constexpr int64_t kMostGroups = 8;  // each has its own sums of the weights' gradients, so their number is bounded

void count_active(Group& g) {
  g.steps = g.length.empty() ? 0 : g.length.front();
  g.active.assign(g.steps + 1, 0);
  g.first.assign(g.steps + 1, 0);
  int64_t rows = static_cast<int64_t>(g.row.size());
  for (int64_t step = 0; step < g.steps; ++step) {
    while (rows > 0 && g.length[rows - 1] <= step) --rows;
    g.active[step] = rows;
    g.first[step + 1] = g.first[step] + rows;
  }
}

}  // namespace

Plan make_plan(int64_t B, int64_t T, int64_t H, const int64_t* lengths) {
  const int64_t most = H > 256 ? kMostGroups / 2 : kMostGroups;
  const int64_t wanted = std::clamp<int64_t>(B / kGroupRows, 1, most);
  const int64_t rows = ((B + wanted - 1) / wanted + 7) / 8 * 8;
  std::vector<int64_t> order(B);
  std::iota(order.begin(), order.end(), 0);
  if (lengths) std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return lengths[a] > lengths[b]; });
  Plan plan;
  plan.gates_at.push_back(0);
  for (int64_t from = 0; from < B; from += rows) {
    Group g;
    for (int64_t i = from; i < std::min(B, from + rows); ++i) {
      g.row.push_back(order[i]);
      g.length.push_back(lengths ? lengths[order[i]] : T);
    }
    count_active(g);
    plan.gates_at.push_back(plan.gates_at.back() + g.first.back());
    plan.groups.push_back(std::move(g));
  }
  return plan;
}

Walk walk_of(const Group& g, int direction, bool reverse, int64_t chunk) {
  return {direction, reverse, static_cast<int64_t>(g.row.size()), g.steps,
          g.row.data(), g.length.data(), g.active.data(), g.first.data(), chunk};
}

}  // namespace bigru
