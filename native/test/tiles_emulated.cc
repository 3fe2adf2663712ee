#define BIGRU_LANES 16
#define BIGRU_ROWS 8
#define BIGRU_TILES BIGRU_TILES_EMULATED
#define BIGRU_TABLE emulated_tiles
#include "tile_products.h"
