// What the CRF's entry points share: checks, the cut of a batch into tasks, and the score of a path.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "../cpu/dispatch.h"
#include "../runtime/call.h"

namespace bigru {

// Empty if batch and scores are sound, otherwise what is wrong with them.
std::string check_crf(const char* where, const bigru_crf_batch& batch, const bigru_crf_scores* scores);

// Empty if every tag within a length is 0..K-1.
std::string check_tags(const char* where, const bigru_crf_batch& batch, const int64_t* tags);

inline int64_t length_of(const bigru_crf_batch& batch, int64_t b) { return batch.lengths ? batch.lengths[b] : batch.T; }

// Zeros past each length in an array [B, T, columns].
template <class T> void clear_past_lengths(const bigru_crf_batch& batch, T* to, int64_t columns) {
  for (int64_t b = 0; batch.lengths && b < batch.B; ++b) {
    T* row = to + b * batch.T * columns;
    for (int64_t i = batch.lengths[b] * columns; i < batch.T * columns; ++i) row[i] = T{};
  }
}

// (1) of docs/math/crf.md, in double: the score of one sequence with the given tags.
double path_score(const bigru_crf_batch& batch, const bigru_crf_scores& scores, const float* emissions, int64_t b,
                  const int64_t* path);

struct CrfCall {
  const CrfKernels& kernels;
  CrfShape shape;
  const bigru_crf_batch& batch;
  CrfScores scores;
  int threads;
  std::vector<int64_t> row, length;  // the sequences that are not empty, longest first

  // chosen: [B] which sequences are looked at, or null for all.
  CrfCall(const bigru_crf_batch& batch, const bigru_crf_scores& scores, const std::vector<char>* chosen = nullptr);

  int groups(int64_t rows) const { return static_cast<int>((static_cast<int64_t>(row.size()) + rows - 1) / rows); }
  CrfRows rows(int group, int64_t size, const int64_t* place) const;
};

// What a posterior leaves of a batch: what backward wants, and what is known of each sequence.
struct CrfPosterior {
  std::vector<double> log_z;   // [B] 0 for an empty sequence
  std::vector<int32_t> weak;   // [B] 1: log_z is still to be computed in log space, and so is all else
};

// Where one sequence's arrays [T, S] lie.
struct CrfViews { float *begun, *onward, *tokens; };

// Runs the posterior of all sequences; calls finish(b, views of b, factors) for those that are not weak, on the thread
// that has them in its cache. kept: [3, B, T, S], or null for memory that is gone when finish has returned.
using CrfFinish = std::function<void(int64_t b, const CrfViews& views, const float* factors)>;
bool run_posterior(const CrfCall& call, const float* emissions, float* kept, CrfPosterior& to, const CrfFinish& finish);

}  // namespace bigru
