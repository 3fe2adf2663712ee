#define BIGRU_LANES 16
#define BIGRU_ROWS 8
#define BIGRU_TILES BIGRU_TILES_REAL
#define BIGRU_TABLE real_tiles
#include "tile_products.h"
