// AMX on a machine without it: the processor refuses each of the instructions, and a signal handler does what it should
// have done, after Intel's manual. So the kernels' own instructions run, their operands and shapes too; only slowly.
#include <signal.h>
#include <ucontext.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../src/cpu/amx_permission.h"

namespace {

struct Shapes {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
};
union Row {
  uint8_t bytes[64];
  uint16_t halves[32];
  int32_t words[16];
  float floats[16];
};

thread_local Shapes shapes;
thread_local Row tiles[8][16];

[[noreturn]] void refuse(const char* why) {
  std::fprintf(stderr, "trapped AMX: %s\n", why);
  std::_Exit(1);
}

void shape(const Shapes& wanted) {
  if (wanted.palette > 1) refuse("no such palette");
  std::memset(tiles, 0, sizeof tiles);
  shapes = wanted.palette ? wanted : Shapes{};
  for (int t = 0; t < 16; ++t)
    if (shapes.row_bytes[t] > (t < 8 ? 64 : 0) || shapes.rows[t] > (t < 8 ? 16 : 0)) refuse("no such shape");
}

int rows(int t) { return shapes.palette && shapes.rows[t] ? shapes.rows[t] : (refuse("tile without a shape"), 0); }
int row_words(int t) { return shapes.row_bytes[t] / 4; }

void clear(int t) { std::memset(tiles[t], 0, sizeof tiles[t]); }

void load(int t, const char* from, int64_t stride) {
  clear(t);
  for (int i = 0; i < rows(t); ++i) std::memcpy(tiles[t][i].bytes, from + i * stride, shapes.row_bytes[t]);
}
void store(int t, char* to, int64_t stride) {
  for (int i = 0; i < rows(t); ++i) std::memcpy(to + i * stride, tiles[t][i].bytes, shapes.row_bytes[t]);
}

float flushed(float x) { return std::fabs(x) < 1.17549435e-38f ? std::copysign(0.0f, x) : x; }
float wide(uint16_t half) {
  const uint32_t bits = static_cast<uint32_t>(half) << 16;
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return flushed(x);
}

__attribute__((target("fma"))) void add_pairs(int c, int a, int b) {
  for (int m = 0; m < rows(c); ++m)
    for (int n = 0; n < row_words(c); ++n) {
      float lower = 0, upper = 0;
      for (int k = 0; k < row_words(a); ++k) {
        lower = flushed(__builtin_fmaf(wide(tiles[a][m].halves[2 * k]), wide(tiles[b][k].halves[2 * n]), lower));
        upper = flushed(__builtin_fmaf(wide(tiles[a][m].halves[2 * k + 1]), wide(tiles[b][k].halves[2 * n + 1]), upper));
      }
      float& sum = tiles[c][m].floats[n];
      sum = flushed(flushed(sum) + flushed(lower + upper));
    }
}

void add_quads(int c, int a, int b) {
  for (int m = 0; m < rows(c); ++m)
    for (int n = 0; n < row_words(c); ++n)
      for (int k = 0; k < row_words(a); ++k)
        for (int i = 0; i < 4; ++i)
          tiles[c][m].words[n] += tiles[a][m].bytes[4 * k + i] * static_cast<int8_t>(tiles[b][k].bytes[4 * n + i]);
}

// One instruction, VEX with three bytes, map 0F38, 128 bits, W0.
struct Instruction {
  uint8_t opcode;
  int prefix;                  // 0 none, 1 66, 2 F3, 3 F2
  int mode, reg, rm, vvvv;
  char* address;               // of what it reads or writes in memory
  int64_t stride;
  int length;
};

int64_t integer_register(const ucontext_t* context, int number) {
  static const int places[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                 REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  return context->uc_mcontext.gregs[places[number]];
}

int64_t displacement(const uint8_t* code, int bytes) {
  int32_t wide = 0;
  if (bytes == 1) return static_cast<int8_t>(*code);
  if (bytes == 4) std::memcpy(&wide, code, 4);
  return wide;
}

// base + index * scale + displacement; the index, unscaled by the instruction itself, is what it calls the stride.
void read_address(const uint8_t* code, const uint8_t* vex, const ucontext_t* context, Instruction& in) {
  const int extend_base = vex[1] & 0x20 ? 0 : 8, extend_index = vex[1] & 0x40 ? 0 : 8;
  int bytes = in.mode == 1 ? 1 : in.mode == 2 ? 4 : 0;
  int64_t base = 0;
  if (in.rm == 4) {
    const int scale = code[0] >> 6, index = (code[0] >> 3 & 7) + extend_index, field = code[0] & 7;
    ++code, ++in.length;
    in.stride = index == 4 ? 0 : integer_register(context, index) << scale;
    if (field == 5 && in.mode == 0) bytes = 4;
    else base = integer_register(context, field + extend_base);
  } else if (in.rm == 5 && in.mode == 0) {
    bytes = 4;
    base = context->uc_mcontext.gregs[REG_RIP] + in.length + bytes;
  } else {
    base = integer_register(context, in.rm + extend_base);
  }
  in.address = reinterpret_cast<char*>(base + displacement(code, bytes));
  in.length += bytes;
}

Instruction decode(const uint8_t* code, const ucontext_t* context) {
  if (code[0] != 0xc4 || (code[1] & 0x1f) != 2 || (code[2] & 0x84)) refuse("another instruction was refused");
  Instruction in{};
  in.opcode = code[3];
  in.prefix = code[2] & 3;
  in.vvvv = ~(code[2] >> 3) & 15;
  in.mode = code[4] >> 6, in.reg = code[4] >> 3 & 7, in.rm = code[4] & 7;
  in.length = 5;
  if (in.mode != 3) read_address(code + 5, code, context, in);
  return in;
}

void shape_or_clear(const Instruction& in) {
  if (in.mode != 3 && in.prefix == 0) shape(*reinterpret_cast<const Shapes*>(in.address));
  else if (in.mode != 3 && in.prefix == 1) std::memcpy(in.address, &shapes, sizeof shapes);
  else if (in.mode == 3 && in.prefix == 0) shape(Shapes{});
  else if (in.mode == 3 && in.prefix == 3) (void)rows(in.reg), clear(in.reg);
  else refuse("another instruction was refused");
}

// Sums, left and right factor: what the instruction multiplies must fit together.
void check_product(int c, int a, int b) {
  if (rows(c) != rows(a) || row_words(a) != rows(b) || row_words(c) != row_words(b)) refuse("shapes do not fit");
  if (c == a || c == b || a == b) refuse("one tile is two operands");
}

void perform(const Instruction& in) {
  if (in.opcode == 0x49) shape_or_clear(in);
  else if (in.opcode == 0x4b && in.prefix == 3) load(in.reg, in.address, in.stride);
  else if (in.opcode == 0x4b && in.prefix == 2) store(in.reg, in.address, in.stride);
  else if (in.opcode == 0x5c && in.prefix == 2) check_product(in.reg, in.rm, in.vvvv), add_pairs(in.reg, in.rm, in.vvvv);
  else if (in.opcode == 0x5e && in.prefix == 1) check_product(in.reg, in.rm, in.vvvv), add_quads(in.reg, in.rm, in.vvvv);
  else refuse("another instruction was refused");
}

void on_refusal(int, siginfo_t*, void* given) {
  ucontext_t* context = static_cast<ucontext_t*>(given);
  greg_t& at = context->uc_mcontext.gregs[REG_RIP];
  const Instruction in = decode(reinterpret_cast<const uint8_t*>(at), context);
  perform(in);
  at += in.length;
}

}  // namespace

namespace bigru {

bool amx_permitted() {
  struct sigaction action = {};
  action.sa_sigaction = on_refusal;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  return sigaction(SIGILL, &action, nullptr) == 0;
}

}  // namespace bigru
