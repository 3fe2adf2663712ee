#pragma once

#include "kernels.h"

namespace bigru {

// The instruction set in use: the best one of the CPU, or the one BIGRU_ISA names. Null if that one is missing.
const Kernels* kernels();

}  // namespace bigru
