// Lookups in a lexicon of random words against a comparison with every word, and in arrays that are no trie.
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <map>
#include <random>
#include <vector>

#include "bigru.h"
#include "fuzz.h"

namespace {

using Word = std::vector<uint64_t>;
using Integers = std::vector<int64_t>;

struct Case {
  std::map<Word, int32_t> words;
  Integers lengths;
  std::vector<uint64_t> codes;
};

struct Trie {
  std::vector<uint64_t> symbols{0};
  Integers children;
  std::vector<int32_t> values{0};
};

Case random_case(std::mt19937& random) {
  Case c;
  const auto draw = [&](int64_t least, int64_t most) { return std::uniform_int_distribution<int64_t>(least, most)(random); };
  const int64_t alphabet = draw(1, 4);
  const auto code = [&] { return static_cast<uint64_t>(draw(1, alphabet)) << (alphabet > 2 ? 62 : 0); };
  for (int64_t n = draw(0, 30); n > 0; --n) {
    Word word(static_cast<size_t>(draw(1, draw(0, 9) ? 6 : 80)));
    std::generate(word.begin(), word.end(), code);
    c.words[word] = static_cast<int32_t>(draw(1, 9));
  }
  for (int64_t b = draw(0, 5); b > 0; --b) c.lengths.push_back(draw(0, 90));
  for (int64_t length : c.lengths)
    for (int64_t t = 0; t < length; ++t) c.codes.push_back(code());
  return c;
}

// The nodes by levels, so that those of one parent are neighbours.
Trie trie_of(const std::map<Word, int32_t>& words) {
  Trie trie;
  std::vector<Word> level{{}};
  Integers places{0};
  while (!level.empty()) {
    std::vector<Word> next;
    for (const Word& prefix : level) {
      trie.children.push_back(static_cast<int64_t>(trie.symbols.size()));
      std::map<uint64_t, int32_t> found;
      for (const auto& [word, value] : words)
        if (word.size() > prefix.size() && std::equal(prefix.begin(), prefix.end(), word.begin())) {
          int32_t& own = found[word[prefix.size()]];
          if (word.size() == prefix.size() + 1) own = value;
        }
      for (const auto& [symbol, value] : found) {
        trie.symbols.push_back(symbol);
        trie.values.push_back(value);
        next.push_back(prefix);
        next.back().push_back(symbol);
      }
    }
    level = next;
  }
  trie.children.push_back(static_cast<int64_t>(trie.symbols.size()));
  return trie;
}

int look_up(const Case& c, const Trie& trie, std::vector<int32_t>& to) {
  to.assign(c.codes.size() * 3 * BIGRU_LEXICON_SLOTS + 1, -7);
  const int code = bigru_lexicon_matches(static_cast<int64_t>(c.codes.size()), static_cast<int64_t>(c.lengths.size()),
                                         c.lengths.data(), c.codes.data(), static_cast<int64_t>(trie.symbols.size()),
                                         trie.symbols.data(), trie.children.data(), trie.values.data(), to.data());
  return to.back() == -7 ? code : BIGRU_UNSUPPORTED;
}

struct Found {
  int32_t value;
  int64_t before, after;
};

// The words at unit `t` of an input, long ones first and of equally long ones the first.
std::vector<Found> words_at(const Case& c, const uint64_t* codes, int64_t length, int64_t t) {
  std::vector<Found> found;
  for (const auto& [word, value] : c.words) {
    const auto units = static_cast<int64_t>(word.size());
    if (units > BIGRU_LEXICON_DEPTH) continue;
    for (int64_t at = std::max<int64_t>(0, t - units + 1); at <= t && at + units <= length; ++at)
      if (std::equal(word.begin(), word.end(), codes + at)) found.push_back({value, t - at, at + units - 1 - t});
  }
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return a.before + a.after != b.before + b.after ? a.before + a.after > b.before + b.after : a.before > b.before;
  });
  return found;
}

int slot_of(const Found& word, const int32_t* entries) {
  if (word.before == 0 && word.after == 0) return 5;
  if (word.before > 0 && word.after > 0) return 2;
  const int first = word.before == 0 ? 0 : 3;
  return entries[3 * first] ? first + 1 : first;
}

bool looks_right(const Case& c) {
  std::vector<int32_t> to;
  if (look_up(c, trie_of(c.words), to) != BIGRU_OK) return false;
  const uint64_t* codes = c.codes.data();
  size_t at = 0;
  for (int64_t length : c.lengths) {
    for (int64_t t = 0; t < length; ++t, at += 3 * BIGRU_LEXICON_SLOTS) {
      int32_t want[3 * BIGRU_LEXICON_SLOTS] = {};
      for (const Found& word : words_at(c, codes, length, t)) {
        int32_t* entry = want + 3 * slot_of(word, want);
        if (entry[0]) continue;
        entry[0] = word.value;
        entry[1] = static_cast<int32_t>(word.before);
        entry[2] = static_cast<int32_t>(word.after);
      }
      if (!std::equal(want, want + 3 * BIGRU_LEXICON_SLOTS, to.data() + at)) return false;
    }
    codes += length;
  }
  return true;
}

// Whatever the arrays hold, the call ends and reads nothing beyond them: the sanitizers watch.
bool survives(Case c, std::mt19937& random) {
  Trie trie = trie_of(c.words);
  std::vector<int32_t> to;
  for (int n = 0; n < 20; ++n) {
    const auto nodes = static_cast<int64_t>(trie.symbols.size());
    const size_t place = random() % trie.children.size();
    trie.children[place] = n % 3 ? static_cast<int64_t>(random() % 40) - 5 : (n % 2 ? INT64_MAX : INT64_MIN) + nodes * (n % 2 ? -1 : 1);
    const int code = look_up(c, trie, to);
    if (code != BIGRU_OK && code != BIGRU_INVALID) return false;
  }
  if (!c.lengths.empty()) c.lengths[0] += 1;
  return c.lengths.empty() || look_up(c, trie_of(c.words), to) == BIGRU_INVALID;
}

}  // namespace

int main(int count, char** arguments) {
  return run_seeds(count, arguments, [](unsigned seed) {
    std::mt19937 random(seed);
    const Case c = random_case(random);
    if (looks_right(c) && survives(c, random)) return true;
    std::fprintf(stderr, "seed %u failed\n", seed);
    return false;
  });
}
