/* bigru's kernels behind one C interface: GRU layers and linear-chain CRFs on a CPU, forward and backward, and the
 * decoding of CTC outputs.
 *
 * Letters: B batch, T time, I input, H hidden, D directions (1 or 2), K tags or symbols.
 * All arrays are dense and row-major and belong to the caller; what a call writes must not overlap what it reads.
 * Results do not depend on the number of threads, nor a row's on the other rows of the batch, to the last bit.
 * Any thread may call, also after fork; of simultaneous calls one has the helper threads and the others work alone.
 * The library keeps its threads, their working memory and idle memory for gates, nothing else.
 */
#ifndef BIGRU_H
#define BIGRU_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define BIGRU_API __declspec(dllexport)
#else
#define BIGRU_API __attribute__((visibility("default")))
#endif

/* What a call returns. bigru_last_error() then says what was wrong, in words, for the calling thread. */
enum { BIGRU_OK = 0, BIGRU_INVALID = 1, BIGRU_NO_MEMORY = 2, BIGRU_UNSUPPORTED = 3 };

BIGRU_API const char* bigru_last_error(void);

/* What the factors of the matrix products are rounded to; states, sums, gates and gradients are float32 always.
 * BF16: bfloat16. INT8: whole numbers in -127..127, weights with a scale per row, inputs and states with one per row and
 * step; for inference only, and a number that is not finite makes its whole row NaN. */
enum { BIGRU_FP32 = 0, BIGRU_BF16 = 1, BIGRU_INT8 = 2 };

/* One layer applied to one batch. */
typedef struct {
  int64_t B, T, I, H;
  int32_t D;               /* directions */
  int32_t reset_after;     /* 1: r * (U_n h + c_n), 0: U_n (r * h) + c_n */
  int32_t reverse[2];      /* per direction: walks from len - 1 to 0 */
  int32_t threads;         /* at most so many, the caller's among them; 0: bigru_threads() */
  int32_t precision;       /* of a forward and its backward, the same */
  int32_t time_first;      /* 1: x, y, dy and dx are [T, B, ...] instead of [B, T, ...]; the same bits */
  int32_t reserved;
  const int64_t* lengths;  /* [B] each 0..T, or NULL: all are T. What lies past a length is never read */
} bigru_gru_layer;

/* Parameters of one direction, gates stacked r, z, n as in torch.nn.GRU. Biases may be NULL for zeros. */
typedef struct {
  const float* weight_ih;  /* [3H, I] */
  const float* weight_hh;  /* [3H, H] */
  const float* bias_ih;    /* [3H] */
  const float* bias_hh;    /* [3H] */
} bigru_gru_weights;

/* Their gradients, written (not added); NULL where not wanted. */
typedef struct {
  float* weight_ih;
  float* weight_hh;
  float* bias_ih;
  float* bias_hh;
} bigru_gru_gradients;

/* How many floats forward keeps for backward; -1 for an invalid layer. */
BIGRU_API int64_t bigru_gru_gate_floats(const bigru_gru_layer* layer);

/* Memory for gates, reused from those given back: getting fresh pages for them each time would cost a fifth of training.
 * Any other memory that is 64-byte aligned does as well. NULL if there is none. At most half a gigabyte is kept idle. */
BIGRU_API float* bigru_take_floats(int64_t count);
BIGRU_API void bigru_give_floats(float* floats);

/* x [B, T, I] (with time_first [T, B, I], and so on below); h0 [D, B, H] or NULL for zeros; weights [D]; y [B, T, D*H], zero past each length; h_n [D, B, H];
 * gates [bigru_gru_gate_floats], 64-byte aligned, for backward, or NULL for inference. */
BIGRU_API int bigru_gru_forward(const bigru_gru_layer* layer, const bigru_gru_weights* weights, const float* x,
                                const float* h0, float* y, float* h_n, float* gates);

/* x, h0, weights, y and gates of the forward call; dy [B, T, D*H] and dh_n [D, B, H], NULL for zeros;
 * dx [B, T, I], dh0 [D, B, H], gradients [D]: NULL where not wanted. */
BIGRU_API int bigru_gru_backward(const bigru_gru_layer* layer, const bigru_gru_weights* weights, const float* x,
                                 const float* h0, const float* y, const float* gates, const float* dy,
                                 const float* dh_n, float* dx, float* dh0, const bigru_gru_gradients* gradients);

/* Weights packed once for many calls of inference: the caller's arrays are not needed afterwards. The layer's I, H, D,
 * reset_after, reverse and precision are kept with them. NULL on failure. Any number of threads may use one at once. */
typedef struct bigru_gru_prepared bigru_gru_prepared;
BIGRU_API bigru_gru_prepared* bigru_gru_prepare(const bigru_gru_layer* layer, const bigru_gru_weights* weights);
BIGRU_API void bigru_gru_release(bigru_gru_prepared* prepared);

/* bigru_gru_forward without gates; of the layer, only B, T, time_first, lengths and threads are read. */
BIGRU_API int bigru_gru_infer(const bigru_gru_prepared* prepared, const bigru_gru_layer* layer, const float* x,
                              const float* h0, float* y, float* h_n);

/* One step of a stream, D = 1: x [B, I]; h [B, H] is read and replaced. Runs on the calling thread. */
BIGRU_API int bigru_gru_step(const bigru_gru_prepared* prepared, int64_t B, const float* x, float* h);

/* A batch of sequences to be tagged, and the scores of a linear chain over K tags: -inf forbids. */
typedef struct {
  int64_t B, T, K;
  int32_t threads;         /* as in bigru_gru_layer */
  int32_t reserved;
  const int64_t* lengths;  /* [B] each 0..T, or NULL: all are T. What lies past a length is never read */
} bigru_crf_batch;

typedef struct {
  const float* transitions;  /* [K, K] from row to column */
  const float* start;        /* [K] */
  const float* end;          /* [K] */
} bigru_crf_scores;

/* How many floats forward keeps for backward; -1 for an invalid batch. bigru_take_floats lends them. */
BIGRU_API int64_t bigru_crf_kept_floats(const bigru_crf_batch* batch);

/* emissions [B, T, K]; tags [B, T], each 0..K-1 within the lengths; losses [B]: -log p(tags | emissions), +inf for a
 * forbidden path, 0 for length 0; kept [bigru_crf_kept_floats] for backward, or NULL. Exact for any scores: sequences
 * in which float32 would underflow are computed again in log space and in double. NaN gives NaN. */
BIGRU_API int bigru_crf_forward(const bigru_crf_batch* batch, const bigru_crf_scores* scores, const float* emissions,
                                const int64_t* tags, float* losses, float* kept);

/* Arguments and kept of the forward call; d_losses [B]. Written, each or NULL where not wanted: d_emissions [B, T, K],
 * zero past each length; d_transitions [K, K]; d_start [K]; d_end [K]. */
BIGRU_API int bigru_crf_backward(const bigru_crf_batch* batch, const bigru_crf_scores* scores, const float* emissions,
                                 const int64_t* tags, const float* kept, const float* d_losses, float* d_emissions,
                                 float* d_transitions, float* d_start, float* d_end);

/* The same divided among the steps: losses [B, T], -log p(tag at t | tags before t, emissions), zero past each length. They
 * sum to the loss of the sequence. d_losses [B, T] weighs each. */
BIGRU_API int bigru_crf_step_forward(const bigru_crf_batch* batch, const bigru_crf_scores* scores, const float* emissions,
                                     const int64_t* tags, float* losses, float* kept);
BIGRU_API int bigru_crf_step_backward(const bigru_crf_batch* batch, const bigru_crf_scores* scores,
                                      const float* emissions, const int64_t* tags, const float* kept,
                                      const float* d_losses, float* d_emissions, float* d_transitions, float* d_start,
                                      float* d_end);

/* marginals [B, T, K]: the probability of each tag at each step, zero past each length and where no path is allowed;
 * log_z [B]: log of the sum of exp(score) over all paths. */
BIGRU_API int bigru_crf_marginals(const bigru_crf_batch* batch, const bigru_crf_scores* scores, const float* emissions,
                                  float* marginals, double* log_z);

/* paths [B, T]: the best tags, zero past each length; of equal paths the one with the smaller last tags; path_scores [B]:
 * what they sum to, -inf where no path is allowed, NaN where an emission is NaN or +inf. */
BIGRU_API int bigru_crf_viterbi(const bigru_crf_batch* batch, const bigru_crf_scores* scores, const float* emissions,
                                int64_t* paths, double* path_scores);

/* The n best distinct paths: paths [B, n, T] and path_scores [B, n], best first; where there are fewer, zeros and -inf;
 * NaN as above. */
BIGRU_API int bigru_crf_nbest(const bigru_crf_batch* batch, const bigru_crf_scores* scores, const float* emissions,
                              int64_t n, int64_t* paths, double* path_scores);

/* Stretches of sequences with the tags they shall bear. */
typedef struct {
  int64_t count;
  const int64_t* rows;    /* [count] each 0..B-1 */
  const int64_t* starts;  /* [count] first positions */
  const int64_t* sizes;   /* [count] at least 1, and no end past the sequence's */
  const int64_t* tags;    /* [sum of sizes] */
  const uint8_t* joins;   /* [K, K] 1: the column's tag goes on with a stretch that the row's is in; or NULL */
} bigru_crf_spans;

/* probabilities [count] that exactly these tags stand there and, with joins, that the stretch goes on at neither end. */
BIGRU_API int bigru_crf_span_marginals(const bigru_crf_batch* batch, const bigru_crf_scores* scores,
                                       const float* emissions, const bigru_crf_spans* spans, double* probabilities);

/* A batch of sequences whose frames bear scores of K symbols, of which 0 is the blank (CTC, docs/math/ctc.md). */
typedef bigru_crf_batch bigru_ctc_batch;

/* What decoding tells of each sequence: n labellings, best first. Past each count everything is zero. */
typedef struct {
  int64_t* counts;            /* [B, n] symbols in it, -1 where there are fewer labellings */
  int64_t* symbols;           /* [B, n, T] each 1..K-1 */
  int64_t* starts;            /* [B, n, T] first frame of each symbol in the likeliest alignment of the labelling, */
  int64_t* ends;              /* [B, n, T] and the frame after its last */
  float* confidences;         /* [B, n, T] greatest probability of the symbol among those frames */
  double* log_probabilities;  /* [B, n] of the labelling, summed over all its alignments; -inf where there are fewer */
  double* scores;             /* [B, n] what they are ordered by */
} bigru_ctc_labellings;

/* An n-gram model with back-off, as an automaton over the K symbols, of which 0 here means the end. A state is what was
 * read last; a symbol that it has no arc for is looked up in the next shorter state, which costs back_off. */
typedef struct {
  int64_t states, arcs;
  int64_t start;           /* where a sequence begins */
  const int64_t* first;    /* [states + 1] where a state's arcs begin; state 0, which has read nothing, has K, one for each */
  const int32_t* symbols;  /* [arcs] ascending within a state */
  const int32_t* next;     /* [arcs] the state after it */
  const float* log_p;      /* [arcs] finite, at most 0 */
  const float* back_off;   /* [states] finite, at most 0 */
  const int32_t* shorter;  /* [states] a smaller number than its own, but for state 0 */
} bigru_ctc_model;

typedef struct {
  int64_t width;                 /* prefixes kept after each frame, at least 1 */
  int64_t n;                     /* labellings wanted, 1..width */
  int64_t candidates;            /* a frame prolongs prefixes by so many of its likeliest symbols; 0: by all */
  double weight, bonus;          /* score = log probability + weight * log p by the model + bonus * symbols; at most 1e6 */
  const bigru_ctc_model* model;  /* or NULL */
} bigru_ctc_search;

/* logits [B, T, K], of which the softmax is taken. The likeliest symbol of each frame, of equals the smaller, with
 * repetitions and blanks removed; n is 1 and scores are log probabilities. Where a logit is NaN or infinite,
 * counts is -1 and log_probabilities NaN, here and below. Of T frames and L symbols, 2 T L bytes are needed at work. */
BIGRU_API int bigru_ctc_greedy(const bigru_ctc_batch* batch, const float* logits, const bigru_ctc_labellings* to);

/* The best labellings by prefix beam search. Of equal scores the one that comes first in the order of symbols. */
BIGRU_API int bigru_ctc_beam(const bigru_ctc_batch* batch, const float* logits, const bigru_ctc_search* search,
                             const bigru_ctc_labellings* to);

/* What is told of given labellings: counts [B] each 0..T, symbols [B, T] each 1..K-1. n is 1; a labelling that does not fit
 * into its sequence's frames has counts -1. */
BIGRU_API int bigru_ctc_align(const bigru_ctc_batch* batch, const float* logits, const int64_t* counts,
                              const int64_t* symbols, const bigru_ctc_labellings* to);

/* Sequences among N rows of something: sequence b is the rows starts[b] .. starts[b] + lengths[b] - 1. */
typedef struct {
  int64_t B, N;
  const int64_t* starts;   /* [B] */
  const int64_t* lengths;  /* [B] each at least 0 */
} bigru_sequences;

/* A table of numbers by id: float32, or whole numbers with a scale per column. One of rows and whole is given. */
typedef struct {
  int64_t size, dim;
  const float* rows;     /* [size, dim] */
  const int8_t* whole;   /* [size, dim], and */
  const float* scales;   /* [dim] */
} bigru_table;

/* ids [N, C], each 0..size-1 of its table; tables [C]. to [B, T, sum of dims]: the tables' rows side by side, zero past each
 * length; T is at least the longest length. */
BIGRU_API int bigru_look(const bigru_sequences* sequences, int64_t C, const bigru_table* tables, const int32_t* ids,
                         int64_t T, float* to);

/* The same rows added up: to [B, dim], the sum over steps and tables, which are equally wide, divided by the root of the
 * length (at least 1). Steps are added in their order, each the sum of its tables' rows. */
BIGRU_API int bigru_total(const bigru_sequences* sequences, int64_t C, const bigru_table* tables, const int32_t* ids,
                          float* to);

/* What values [B, T, C] come to over the steps within lengths [B], column by column and in the order of the steps: the
 * greatest, the mean, or the sum divided by the root of the length; zero where the length is. to: B rows of C numbers,
 * `stride` numbers from one row to the next. */
enum { BIGRU_GREATEST = 0, BIGRU_MEAN = 1, BIGRU_ROOT = 2 };
BIGRU_API int bigru_pool(int64_t B, int64_t T, int64_t C, const int64_t* lengths, const float* values, int pooling,
                         float* to, int64_t stride);

/* The bucket, 1..size-1, of every unit with its neighbours from `first` (-8..0) to `last` (0..8) places on, by the hash of
 * bigru/features/hashing.py: codes [N], the B inputs of lengths [B] end to end. to: N numbers, `stride` from one to the next.
 * known: the Bloom filter of bigru/features/known.py, of so many bits, a power of two; what it lacks has the number 0. NULL and
 * 0 bits know everything. */
BIGRU_API int bigru_ngrams(int64_t N, int64_t B, const int64_t* lengths, const uint64_t* codes, int first, int last,
                           int64_t size, const uint64_t* known, int64_t bits, int32_t* to, int64_t stride);

/* The instruction set in use: "portable", "avx2", "avx512", "avx512_bf16" or "amx"; builds for tests have "amx_emulated", too.
 * BIGRU_ISA in the environment, read at the first call, chooses another; NULL if it names one that this build or this CPU
 * lacks, or if the tiles of "amx" fail the check of their products that precedes their first use. */
BIGRU_API const char* bigru_isa(void);

/* Name number i of the instruction sets built in, best first, and whether this CPU runs it; NULL past the last. */
BIGRU_API const char* bigru_isa_built(int i, int* runs_here);

/* Threads that a call with threads = 0 uses: BIGRU_THREADS, else the processors that affinity and cgroup allow.
 * 0 if BIGRU_THREADS is not a positive number. */
BIGRU_API int bigru_threads(void);

/* Operations per second of products and sums that never leave the registers, factors in one of the precisions, on so many
 * threads (0: bigru_threads()), measured for some milliseconds: what the kernels could reach at most. 0 where the
 * instruction set in use has no products of that precision, -1 on failure. Products count twice: they are added up. */
BIGRU_API double bigru_product_rate(int precision, int threads);

/* sigmoid (0), tanh (1), exp (2) or log (3) of count floats, as the kernels compute them. */
BIGRU_API int bigru_vector_math(int function, const float* in, float* out, int64_t count);

#ifdef __cplusplus
}
#endif
#endif
