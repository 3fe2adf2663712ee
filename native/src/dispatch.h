#pragma once

#include "kernels.h"

namespace bigru {

// The instruction set in use: the best one of the CPU, or the one BIGRU_ISA names. Null if that one is missing, or if
// its tiles multiply wrongly: that is nothing to pass over in silence.
const Kernels* kernels();

// Why there are none.
const char* why_no_kernels();

}  // namespace bigru
