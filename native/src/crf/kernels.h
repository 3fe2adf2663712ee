// What one instruction set offers for a linear-chain CRF. Equations: docs/math/crf.md.
//
// Letters: T steps, K tags, S floats from one step's tags to the next: K rounded up to 16, so that a step begins at a
// whole vector of every instruction set.
#pragma once

#include <stdint.h>

namespace bigru {

constexpr int64_t kCrfRows = 8;  // sequences of one task at most

struct CrfShape { int64_t T, K, S; };

struct CrfScores {            // -inf forbids
  const float* transitions;   // [K, K] from row to column
  const float* start;         // [K]
  const float* end;           // [K]
};

// Sequences of length 1 or more, longest first. What is kept per sequence is [T, S] and lies at its place.
struct CrfRows {
  int64_t rows;
  const int64_t* row;         // [rows] index into B
  const int64_t* length;      // [rows]
  const int64_t* place;       // [rows]
};

struct CrfPosteriorTask {
  CrfShape shape;
  CrfRows sequences;
  const float* factors;       // crf_factor_floats, written by factors
  const float* emissions;     // [B, T, K]
  float* begun;               // [places, T, S] a of (11), before its division by c
  float* onward;              // [places, T, S] from step 1 on: pairs (t-1, t) have probability begun_i M_ij onward_j
  float* tokens;              // [places, T, S] marginals
  double* log_z;              // [B]
  int32_t* weak;              // [B] 1 where underflow may have lost something: to be computed in log space
  float* scratch;             // posterior_scratch_floats
};

struct CrfGradientTask {
  CrfShape shape;
  CrfRows sequences;
  const int64_t* tags;        // [B, T]
  const float* begun;         // as the posterior left them
  const float* onward;
  const float* tokens;
  const int32_t* weak;        // [B]
  const float* d_losses;      // [B], or null
  const float* d_steps;       // [B, T] instead: then begun and tokens are adjoints, weighted already
  float* d_emissions;         // [B, T, K] or null
  float* d_edges;             // [2, S]: sums over sequences for start and end; or null
  float* pairs;               // [K, S]: sum over sequences of d_loss begun_i onward_j; or null
};

struct CrfAdjointTask {
  CrfShape shape;
  CrfRows sequences;
  const float* factors;
  const int64_t* tags;        // [B, T]
  const float* begun;         // as the posterior left them
  const float* onward;
  const float* tokens;
  const float* d_steps;       // [B, T]
  float* weighted_begun;      // [places, T, S] what begun is to the gradient of the plain loss
  float* weighted_tokens;     // [places, T, S] and tokens
};

struct CrfViterbiTask {
  CrfShape shape;
  CrfRows sequences;
  const float* scores;        // padded_score_floats, written by pad_scores
  const float* emissions;     // [B, T, K]
  int64_t* paths;             // [B, T]
  int32_t* non_finite;           // [B] 1 where an emission is NaN or +inf
  float* scratch;             // viterbi_scratch_floats
};

struct CrfKernels {
  int64_t (*factor_floats)(const CrfShape&);
  int64_t (*padded_score_floats)(const CrfShape&);
  int64_t (*posterior_scratch_floats)(const CrfShape&);
  int64_t (*viterbi_scratch_floats)(const CrfShape&);
  void (*factors)(const CrfShape&, const CrfScores&, float* to);
  void (*pad_scores)(const CrfShape&, const CrfScores&, float* to);
  void (*posterior)(const CrfPosteriorTask&);
  void (*adjoints)(const CrfAdjointTask&);
  void (*gradient)(const CrfGradientTask&);
  void (*viterbi)(const CrfViterbiTask&);
};

inline int64_t crf_stride(int64_t K) { return (K + 15) / 16 * 16; }

}  // namespace bigru
