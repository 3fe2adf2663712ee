// Whether this process may use the tile unit of AMX. In a file of its own, so that a test can answer for a machine without them.
#pragma once

namespace bigru {

// Asks the processor and the system, and the system for permission, which it needs the first time.
bool amx_permitted();

}  // namespace bigru
