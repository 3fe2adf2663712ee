// Products of whole tiles, by the instructions or emulated: what test/tiles.cc compares.
#pragma once

#include <stdint.h>

struct TileProducts {
  // sums[16, 16] += left[16, 16] times right[16, 16], words.
  void (*pairs)(const uint32_t* left, const uint32_t* right, float* sums);
  void (*quads)(const uint32_t* left, const uint32_t* right, int32_t* sums);
  bool (*right)();
  bool (*right_though_spoilt)();  // the check of sums of which one factor was changed
};

extern const TileProducts real_tiles, emulated_tiles;
