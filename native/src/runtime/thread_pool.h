// Threads that share the tasks of one call.
#pragma once

#include <functional>

namespace bigru {

// Runs task(0) .. task(count - 1) on at most `threads` threads, the caller's among them; returns when all are done.
// Which thread runs a task, and when, must not matter to its result. Tasks must not throw.
void run_tasks(int count, int threads, const std::function<void(int)>& task);

}  // namespace bigru
