#define BIGRU_LANES 16
#define BIGRU_ROWS 8
#define BIGRU_TABLE avx512_bf16_kernels
#define BIGRU_NAME "avx512_bf16"
#include "table.h"
