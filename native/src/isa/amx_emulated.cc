#define BIGRU_LANES 16
#define BIGRU_ROWS 8
#define BIGRU_TILES BIGRU_TILES_EMULATED
#define BIGRU_TABLE amx_emulated_kernels
#define BIGRU_NAME "amx_emulated"
#include "table.h"
