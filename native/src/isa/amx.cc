#define BIGRU_LANES 16
#define BIGRU_ROWS 8
#define BIGRU_TILES BIGRU_TILES_REAL
#define BIGRU_TABLE amx_kernels
#define BIGRU_NAME "amx"
#include "table.h"
