/* A bidirectional layer on a small ragged batch, from plain C: build with `cmake -S native -B build && cmake --build build`. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bigru.h"

enum { B = 2, T = 3, I = 2, H = 4, D = 2 };

static void fill(float* to, int count, float scale) {
  for (int i = 0; i < count; ++i) to[i] = scale * sinf((float)i + 1.0f);
}

int main(void) {
  static float weight_ih[D][3 * H * I], weight_hh[D][3 * H * H], x[B * T * I], y[B * T * D * H], h_n[D * B * H];
  const int64_t lengths[B] = {3, 1};
  bigru_gru_layer layer = {.B = B, .T = T, .I = I, .H = H, .D = D, .reset_after = 1, .reverse = {0, 1}, .lengths = lengths};
  bigru_gru_weights weights[D] = {{weight_ih[0], weight_hh[0], NULL, NULL}, {weight_ih[1], weight_hh[1], NULL, NULL}};
  for (int d = 0; d < D; ++d) {
    fill(weight_ih[d], 3 * H * I, 0.5f);
    fill(weight_hh[d], 3 * H * H, 0.5f);
  }
  fill(x, B * T * I, 1.0f);
  if (bigru_gru_forward(&layer, weights, x, NULL, y, h_n, NULL) != BIGRU_OK) {
    fprintf(stderr, "%s\n", bigru_last_error());
    return EXIT_FAILURE;
  }
  printf("%s, %d threads\n", bigru_isa(), bigru_threads());
  for (int row = 0; row < B * T; ++row) {
    for (int unit = 0; unit < D * H; ++unit) printf("%8.4f", y[row * D * H + unit]);
    printf("\n");
  }
  return EXIT_SUCCESS;
}
