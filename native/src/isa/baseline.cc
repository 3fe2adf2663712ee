#define BIGRU_LANES 4
#define BIGRU_ROWS 4
#define BIGRU_TABLE baseline_kernels
#define BIGRU_NAME "portable"
#include "table.h"
