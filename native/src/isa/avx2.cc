#define BIGRU_LANES 8
#define BIGRU_ROWS 4
#define BIGRU_TABLE avx2_kernels
#define BIGRU_NAME "avx2"
#include "table.h"
