// Which instruction set a call runs on.
#pragma once

#include "kernels.h"

namespace bigru {

// The kernels that calls of this thread run on: those that it chose by bigru_use_isa, else those that BIGRU_ISA names, else
// the best of the CPU. Null if BIGRU_ISA names what is missing, or if the tiles of that set multiply wrongly: that is
// nothing to pass over in silence. A call asks once and hands them on, for its helper threads have chosen nothing.
const Kernels* kernels();

// Why there are none.
const char* why_no_kernels();

}  // namespace bigru
