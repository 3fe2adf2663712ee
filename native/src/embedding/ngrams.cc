// The buckets of n-grams: the hash that saved models are indexed by, so that its numbers never change.
#include "../runtime/call.h"

using namespace bigru;

namespace {

constexpr uint64_t kStart = 0x110000, kEnd = 0x110001;  // stand for what is before and behind an input
constexpr int kReach = 8;

uint64_t mix(uint64_t h) {
  h ^= h >> 33;
  h *= 0xFF51AFD7ED558CCDull;
  h ^= h >> 33;
  h *= 0xC4CEB9FE1A85EC53ull;
  return h ^ h >> 33;
}

uint64_t code_at(const uint64_t* codes, int64_t at, int64_t length) {
  return at < 0 ? kStart : at >= length ? kEnd : codes[at];
}

// Whether both bits of a hash are set in the filter; `mask` is its number of bits less one.
bool is_known(const uint64_t* known, uint64_t mask, uint64_t h) {
  const uint64_t one = h & mask, two = h >> 23 & mask;
  return (known[one >> 6] >> (one & 63) & known[two >> 6] >> (two & 63) & 1) != 0;
}

std::string check_known(const uint64_t* known, int64_t bits) {
  if (bits == 0) return "";
  if (bits < 64 || bits > (int64_t{1} << 31) || (bits & (bits - 1))) return "bits must be 0 or a power of two, 64..2^31";
  return known == nullptr ? "known must not be NULL where there are bits" : "";
}

std::string check_ngrams(int64_t N, int64_t B, const int64_t* lengths, int first, int last, int64_t size, int64_t stride) {
  if (N < 0 || B < 0) return "N and B must not be negative";
  if (first < -kReach || first > 0 || last < 0 || last > kReach) return "first must be -8..0 and last 0..8";
  if (size < 2 || size > (int64_t{1} << 31)) return "size must be 2..2^31, got " + std::to_string(size);
  if (stride < 1) return "stride must be at least 1, got " + std::to_string(stride);
  if (too_large({static_cast<double>(N), static_cast<double>(stride)})) return "the arrays would be too large";
  return check_joined(N, B, lengths);
}

}  // namespace

extern "C" int bigru_ngram_buckets(int64_t N, int64_t B, const int64_t* lengths, const uint64_t* codes, int first, int last,
                            int64_t size, const uint64_t* known, int64_t bits, int32_t* to, int64_t stride) {
  const char* where = "bigru_ngram_buckets";
  std::string wrong = B > 0 ? check_present(where, {{"lengths", lengths}}) : "";
  if (wrong.empty() && N > 0) wrong = check_present(where, {{"codes", codes}, {"to", to}});
  if (!wrong.empty()) return fail(BIGRU_INVALID, wrong);
  wrong = check_ngrams(N, B, lengths, first, last, size, stride);
  if (wrong.empty()) wrong = check_known(known, bits);
  if (!wrong.empty()) return fail(BIGRU_INVALID, std::string(where) + ": " + wrong);
  const uint64_t range = static_cast<uint64_t>(size - 1), mask = static_cast<uint64_t>(bits - 1);
  for (int64_t b = 0; b < B; codes += lengths[b], to += lengths[b] * stride, ++b)
    for (int64_t t = 0; t < lengths[b]; ++t) {
      uint64_t h = static_cast<uint64_t>(last - first + 1);
      for (int64_t step = first; step <= last; ++step)
        h = mix(h * 0x9E3779B97F4A7C15ull + code_at(codes, t + step, lengths[b]));
      const bool seen = bits == 0 || is_known(known, mask, h);
      to[t * stride] = seen ? static_cast<int32_t>(((h >> 32) * range >> 32) + 1) : 0;
    }
  return BIGRU_OK;
}
