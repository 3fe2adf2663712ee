// The CRF kernels of one instruction set, gathered for its table.
#pragma once

#include "adjoints.h"
#include "viterbi.h"
#include "gradient.h"
#include "posterior.h"

namespace {

constexpr bigru::CrfKernels crf_kernels = {factor_floats, chain_floats,   posterior_scratch_floats, viterbi_scratch_floats,
                                           crf_factors,   crf_pad_scores,   crf_posterior,            crf_adjoints,
                                           crf_gradient,  crf_viterbi};

}  // namespace
