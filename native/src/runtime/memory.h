// Working memory that is kept: fresh pages cost more to get from the system than the kernels take to fill them.
#pragma once

#include <stddef.h>

namespace bigru {

// Memory kept by the calling thread from call to call: one piece for the task it runs, one for the call it makes,
// which its tasks share. Contents are undefined; throws std::bad_alloc.
float* task_memory(size_t floats);
float* call_memory(size_t floats);

// A block for somebody else to hold, from those handed back before if one fits; null if there is no memory.
float* alloc_block(size_t floats);
void free_block(float* block);

}  // namespace bigru
