// One side of the comparison. Included by tiles_real.cc and tiles_emulated.cc, which say which one.
#include "../src/matmul/amx_check.h"
#include "tiles.h"

namespace {

template <class E, class Sum> void add(const uint32_t* left, const uint32_t* right, Sum* sums) {
  const ProductScope<E> tiles;
  tile_load<0>(sums, TILE);
  add_tiles<1>((const E*)left, TILE, (const E*)right, TILE, TILE);
  tile_store<0>(sums, TILE);
}

bool right_though_spoilt() { return product_is_right<Pair>(1u << 24) || product_is_right<Quad>(1u << 24); }

}  // namespace

const TileProducts BIGRU_TABLE = {add<Pair, float>, add<Quad, int32_t>, tiles_are_right, right_though_spoilt};
