// The words of a lexicon that lie at every unit, looked up in a trie.
#include "../runtime/call.h"

using namespace bigru;

namespace {

constexpr int64_t kDeepest = BIGRU_LEXICON_DEPTH;
constexpr int64_t kNumbers = 3 * BIGRU_LEXICON_SLOTS;
enum Slot { kBegin, kBeginNext, kMiddle, kEnd, kEndNext, kSingle };

struct Trie {
  int64_t nodes;
  const uint64_t* symbols;
  const int64_t* children;
  const int32_t* values;

  // The child of a node by a symbol, 0 if there is none, -1 if the children are no range of later nodes.
  int64_t child(int64_t node, uint64_t symbol) const {
    int64_t low = children[node], high = children[node + 1];
    if (low <= node || high < low || high > nodes) return -1;
    while (low < high) {
      const int64_t middle = low + (high - low) / 2;
      if (symbols[middle] < symbol) low = middle + 1;
      else high = middle;
    }
    return low < children[node + 1] && symbols[low] == symbol ? low : 0;
  }
};

int32_t units_of(const int32_t* entry) { return entry[0] ? entry[1] + entry[2] + 1 : 0; }

void write(int32_t* entry, int32_t value, int64_t before, int64_t after) {
  entry[0] = value;
  entry[1] = static_cast<int32_t>(before);
  entry[2] = static_cast<int32_t>(after);
}

// Writes a word of `units` units, value `value`, that begins at unit `at` of an input. Words come by their beginning, and of one
// beginning the short ones first.
void add(int32_t* to, int64_t at, int64_t units, int32_t value) {
  int32_t* begin = to + at * kNumbers;
  if (units == 1) return write(begin + 3 * kSingle, value, 0, 0);
  for (int i = 0; i < 3; ++i) begin[3 * kBeginNext + i] = begin[3 * kBegin + i];
  write(begin + 3 * kBegin, value, 0, units - 1);
  for (int64_t i = 1; i < units - 1; ++i) {
    int32_t* middle = to + (at + i) * kNumbers + 3 * kMiddle;
    if (units_of(middle) < units) write(middle, value, i, units - 1 - i);
  }
  int32_t* end = to + (at + units - 1) * kNumbers;
  int32_t* entry = end + 3 * (end[3 * kEnd] ? kEndNext : kEnd);
  if (!entry[0]) write(entry, value, units - 1, 0);
}

// False if the arrays are no trie.
bool match(const Trie& trie, const uint64_t* codes, int64_t length, int32_t* to) {
  for (int64_t at = 0; at < length; ++at) {
    int64_t node = 0;
    for (int64_t i = at; i < length && i - at < kDeepest; ++i) {
      node = trie.child(node, codes[i]);
      if (node < 0) return false;
      if (node == 0) break;
      if (trie.values[node] > 0) add(to, at, i - at + 1, trie.values[node]);
    }
  }
  return true;
}

std::string check_sizes(int64_t N, int64_t B, const int64_t* lengths, int64_t nodes) {
  if (N < 0 || B < 0) return "N and B must not be negative";
  if (nodes < 1) return "nodes must be at least 1, the root";
  if (too_large({static_cast<double>(N), static_cast<double>(kNumbers)}) || too_large({static_cast<double>(nodes), 1.0}))
    return "the arrays would be too large";
  return check_joined(N, B, lengths);
}

}  // namespace

extern "C" int bigru_lexicon_matches(int64_t N, int64_t B, const int64_t* lengths, const uint64_t* codes, int64_t nodes,
                                     const uint64_t* symbols, const int64_t* children, const int32_t* values, int32_t* to) {
  const char* where = "bigru_lexicon_matches";
  std::string wrong = check_present(where, {{"symbols", symbols}, {"children", children}, {"values", values}});
  if (wrong.empty() && B > 0) wrong = check_present(where, {{"lengths", lengths}});
  if (wrong.empty() && N > 0) wrong = check_present(where, {{"codes", codes}, {"to", to}});
  if (!wrong.empty()) return fail(BIGRU_INVALID, wrong);
  wrong = check_sizes(N, B, lengths, nodes);
  if (!wrong.empty()) return fail(BIGRU_INVALID, std::string(where) + ": " + wrong);
  for (int64_t i = 0; i < N * kNumbers; ++i) to[i] = 0;
  const Trie trie{nodes, symbols, children, values};
  for (int64_t b = 0; b < B; codes += lengths[b], to += lengths[b] * kNumbers, ++b)
    if (!match(trie, codes, lengths[b], to))
      return fail(BIGRU_INVALID, std::string(where) + ": children must be ranges of later nodes");
  return BIGRU_OK;
}
