// How a call is cut into tasks. The cut depends on the shape alone, never on the threads: every sum has one order.
#pragma once

#include <vector>

#include "kernels.h"

namespace bigru {

struct Group {                  // rows that walk together, longest first
  std::vector<int64_t> row, length, active, first;
  int64_t steps = 0;
};

struct Plan {
  std::vector<Group> groups;
  std::vector<int64_t> gates_at;  // [groups + 1] (step, row) pairs before a group
};

Plan make_plan(int64_t B, int64_t T, int64_t H, const int64_t* lengths);

Walk walk_of(const Group& group, int direction, bool reverse, int64_t chunk);

}  // namespace bigru
