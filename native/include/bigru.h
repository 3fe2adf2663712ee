/* bigru's kernels behind one C interface: GRU layers and linear-chain CRFs on a CPU, forward and backward, the decoding of
 * CTC outputs, and embeddings.
 *
 * Letters: B batch, T time, I input, H hidden, D directions (1 or 2), K tags or symbols, N rows, C columns.
 * All arrays are dense and row-major and belong to the caller, who keeps them while the call runs; what a call writes must
 * not overlap what it reads. Sizes and strides count numbers, not bytes. Scores and losses are natural logarithms.
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

/* Of the calling thread's last call that failed; valid until its next call that fails. */
BIGRU_API const char* bigru_last_error(void);

/* ------------------------------------------------------------------------------------------------------------- GRU */

/* What the factors of the matrix products are rounded to; states, sums, gates and gradients are float32 always.
 * BF16: bfloat16. INT8: whole numbers in -127..127, weights with a scale per row, inputs and states with one per row and
 * step; for inference only, and a number that is not finite makes its whole row NaN. */
enum { BIGRU_FP32 = 0, BIGRU_BF16 = 1, BIGRU_INT8 = 2 };

/* One layer applied to one batch. With time_first every array written here as [B, T, ...] is [T, B, ...]. */
typedef struct {
  int64_t B, T, I, H;
  int32_t D;               /* directions: 1 or 2 */
  int32_t reset_after;     /* 1: r * (U_n h + c_n), 0: U_n (r * h) + c_n */
  int32_t reverse[2];      /* [D] 1: that direction walks from length - 1 to 0 */
  int32_t threads;         /* at most so many, the caller's among them; 0: bigru_threads() */
  int32_t precision;       /* BIGRU_FP32, ...: the same in a forward and its backward */
  int32_t time_first;      /* 1: x, y, dy and dx are [T, B, ...] instead of [B, T, ...]; the same bits */
  int32_t reserved;        /* 0 */
  const int64_t* lengths;  /* [B] steps of each row, 0..T, or NULL: all are T. What lies past a length is never read */
} bigru_gru_layer;

/* Parameters of one direction, gates stacked r, z, n as in torch.nn.GRU. */
typedef struct {
  const float* weight_ih;  /* [3H, I] */
  const float* weight_hh;  /* [3H, H] */
  const float* bias_ih;    /* [3H], or NULL for zeros */
  const float* bias_hh;    /* [3H], or NULL for zeros */
} bigru_gru_weights;

/* Gradients of the loss by the parameters of one direction. Written, not added; NULL where not wanted. */
typedef struct {
  float* weight_ih;  /* [3H, I] */
  float* weight_hh;  /* [3H, H] */
  float* bias_ih;    /* [3H] */
  float* bias_hh;    /* [3H] */
} bigru_gru_gradients;

/* How many floats `gates` has, on every instruction set; -1 for an invalid layer. */
BIGRU_API int64_t bigru_gru_gate_floats(const bigru_gru_layer* layer);

/* Memory for gates, reused from what was freed: getting fresh pages for them each time would cost a fifth of training.
 * Any other memory that is 64-byte aligned does as well. `count` floats, not initialised and owned by the caller until
 * bigru_free_floats; NULL if there is no memory. At most half a gigabyte is kept idle. */
BIGRU_API float* bigru_alloc_floats(int64_t count);
BIGRU_API void bigru_free_floats(float* floats);

/* The forward pass, for training if `gates` is given. */
BIGRU_API int bigru_gru_forward(
    const bigru_gru_layer* layer,
    const bigru_gru_weights* weights,  /* [D] */
    const float* x,                    /* [B, T, I] */
    const float* h0,                   /* [D, B, H] states before the first step, or NULL for zeros */
    float* y,                          /* [B, T, D*H] written: the states after each step, zero past each length */
    float* h_n,                        /* [D, B, H] written: the states after the last step of each row */
    float* gates);                     /* [bigru_gru_gate_floats] written for backward, 64-byte aligned; NULL: inference */

/* The backward pass of that call, whose arguments and results are read again unchanged. */
BIGRU_API int bigru_gru_backward(
    const bigru_gru_layer* layer,
    const bigru_gru_weights* weights,       /* [D] */
    const float* x,                         /* [B, T, I] */
    const float* h0,                        /* [D, B, H] or NULL, as in forward */
    const float* y,                         /* [B, T, D*H] as forward wrote it */
    const float* gates,                     /* [bigru_gru_gate_floats] as forward wrote them */
    const float* dy,                        /* [B, T, D*H] gradient of the loss by y, or NULL for zeros */
    const float* dh_n,                      /* [D, B, H] gradient of the loss by h_n, or NULL for zeros */
    float* dx,                              /* [B, T, I] written, zero past each length; NULL: not wanted */
    float* dh0,                             /* [D, B, H] written; NULL: not wanted */
    const bigru_gru_gradients* gradients);  /* [D]; NULL: not wanted */

/* Weights packed once for many calls of inference. I, H, D, reset_after, reverse and precision of the layer are kept with
 * them; the caller's arrays are not needed afterwards. Owned by the caller until released. NULL on failure. Any number
 * of threads may use one at once. */
typedef struct bigru_gru_prepared bigru_gru_prepared;
BIGRU_API bigru_gru_prepared* bigru_gru_prepare(
    const bigru_gru_layer* layer,
    const bigru_gru_weights* weights);  /* [D] */
BIGRU_API void bigru_gru_release(bigru_gru_prepared* prepared);

/* bigru_gru_forward without gates. */
BIGRU_API int bigru_gru_infer(
    const bigru_gru_prepared* prepared,
    const bigru_gru_layer* layer,  /* of it only B, T, time_first, lengths and threads are read */
    const float* x,                /* [B, T, I] */
    const float* h0,               /* [D, B, H], or NULL for zeros */
    float* y,                      /* [B, T, D*H] written, zero past each length */
    float* h_n);                   /* [D, B, H] written */

/* One step of a stream, D = 1. Runs on the calling thread. */
BIGRU_API int bigru_gru_step(
    const bigru_gru_prepared* prepared,
    int64_t B,
    const float* x,  /* [B, I] */
    float* h);       /* [B, H] read, and replaced by the next states */

/* ------------------------------------------------------------------------------------------------------------- CRF */

/* A batch of sequences to be tagged. */
typedef struct {
  int64_t B, T, K;
  int32_t threads;         /* as in bigru_gru_layer */
  int32_t reserved;        /* 0 */
  const int64_t* lengths;  /* [B] steps of each sequence, 0..T, or NULL: all are T. What lies past a length is never read */
} bigru_crf_batch;

/* The scores of a linear chain over K tags: -inf forbids. */
typedef struct {
  const float* transitions;  /* [K, K] from row to column */
  const float* start;        /* [K] of the first tag */
  const float* end;          /* [K] of the last tag */
} bigru_crf_scores;

/* How many floats forward keeps for backward; -1 for an invalid batch. bigru_alloc_floats has memory for them. */
BIGRU_API int64_t bigru_crf_kept_floats(const bigru_crf_batch* batch);

/* The loss. Exact for any scores: sequences in which float32 would underflow are computed again in log space and in double.
 * NaN gives NaN. */
BIGRU_API int bigru_crf_forward(
    const bigru_crf_batch* batch,
    const bigru_crf_scores* scores,
    const float* emissions,  /* [B, T, K] */
    const int64_t* tags,     /* [B, T] each 0..K-1 within the lengths */
    float* losses,           /* [B] written: -log p(tags | emissions); +inf for a forbidden path, 0 for length 0 */
    float* kept);            /* [bigru_crf_kept_floats] written for backward; or NULL */

/* Its gradients. Each is written, or NULL where not wanted. */
BIGRU_API int bigru_crf_backward(
    const bigru_crf_batch* batch,
    const bigru_crf_scores* scores,
    const float* emissions,  /* [B, T, K] as in forward */
    const int64_t* tags,     /* [B, T] as in forward */
    const float* kept,       /* [bigru_crf_kept_floats] as forward wrote it */
    const float* d_losses,   /* [B] gradient by each loss */
    float* d_emissions,      /* [B, T, K] zero past each length */
    float* d_transitions,    /* [K, K] */
    float* d_start,          /* [K] */
    float* d_end);           /* [K] */

/* The same with the loss divided among the steps; the losses of a sequence's steps sum to its loss. */
BIGRU_API int bigru_crf_step_forward(
    const bigru_crf_batch* batch,
    const bigru_crf_scores* scores,
    const float* emissions,  /* [B, T, K] */
    const int64_t* tags,     /* [B, T] each 0..K-1 within the lengths */
    float* losses,           /* [B, T] written: -log p(tag at t | tags before t, emissions), zero past each length */
    float* kept);            /* [bigru_crf_kept_floats] written for backward; or NULL */
BIGRU_API int bigru_crf_step_backward(
    const bigru_crf_batch* batch,
    const bigru_crf_scores* scores,
    const float* emissions,  /* [B, T, K] as in forward */
    const int64_t* tags,     /* [B, T] as in forward */
    const float* kept,       /* [bigru_crf_kept_floats] as forward wrote it */
    const float* d_losses,   /* [B, T] gradient by each step's loss */
    float* d_emissions,      /* [B, T, K] zero past each length */
    float* d_transitions,    /* [K, K] */
    float* d_start,          /* [K] */
    float* d_end);           /* [K] */

/* Forward-backward. */
BIGRU_API int bigru_crf_marginals(
    const bigru_crf_batch* batch,
    const bigru_crf_scores* scores,
    const float* emissions,  /* [B, T, K] */
    float* marginals,        /* [B, T, K] written: p(tag at t), zero past each length and where no path is allowed */
    double* log_z);          /* [B] written: log of the sum of exp(score) over all paths */

/* The best path. */
BIGRU_API int bigru_crf_viterbi(
    const bigru_crf_batch* batch,
    const bigru_crf_scores* scores,
    const float* emissions,  /* [B, T, K] */
    int64_t* paths,          /* [B, T] written: tags, zero past each length; of equal paths that with smaller last tags */
    double* path_scores);    /* [B] written: -inf where no path is allowed, NaN where an emission is NaN or +inf */

/* The n best distinct paths, best first; where there are fewer, tags are 0 and scores -inf. */
BIGRU_API int bigru_crf_nbest(
    const bigru_crf_batch* batch,
    const bigru_crf_scores* scores,
    const float* emissions,  /* [B, T, K] */
    int64_t n,               /* at least 1 */
    int64_t* paths,          /* [B, n, T] written: tags, zero past each length; of equal paths as bigru_crf_viterbi */
    double* path_scores);    /* [B, n] written: NaN where an emission is NaN or +inf */

/* Spans: stretches of sequences with given tags. */
typedef struct {
  int64_t count;
  const int64_t* rows;       /* [count] sequence of each, 0..B-1 */
  const int64_t* starts;     /* [count] first position of each */
  const int64_t* sizes;      /* [count] positions of each, at least 1, and no end past the sequence's */
  const int64_t* tags;       /* [sum of sizes] span after span, each 0..K-1 */
  const uint8_t* continues;  /* [K, K] 1: the column's tag continues a span whose last tag is the row's; or NULL */
} bigru_crf_spans;

/* How likely spans are: that exactly these tags stand there and, with `continues`, that the span is continued at neither end. */
BIGRU_API int bigru_crf_span_marginals(
    const bigru_crf_batch* batch,
    const bigru_crf_scores* scores,
    const float* emissions,  /* [B, T, K] */
    const bigru_crf_spans* spans,
    double* probabilities);  /* [count] written */

/* ------------------------------------------------------------------------------------------------------------- CTC */

/* A batch of sequences whose frames have scores of K symbols, of which 0 is the blank (docs/math/ctc.md). */
typedef bigru_crf_batch bigru_ctc_batch;

/* What decoding writes of each sequence: n labellings, best first. Past each count everything is zero. */
typedef struct {
  int64_t* counts;            /* [B, n] symbols of the labelling, -1 where there are fewer labellings */
  int64_t* symbols;           /* [B, n, T] each 1..K-1 */
  int64_t* starts;            /* [B, n, T] first frame of each symbol in the likeliest alignment of the labelling */
  int64_t* ends;              /* [B, n, T] the frame after its last */
  float* confidences;         /* [B, n, T] greatest probability of the symbol among those frames */
  double* log_probabilities;  /* [B, n] of the labelling, summed over all its alignments; -inf where there are fewer */
  double* scores;             /* [B, n] what they are ordered by */
} bigru_ctc_labellings;

/* An n-gram model with back-off, as an automaton over the K symbols, of which 0 here means the end. A state is what was
 * read last; a symbol that it has no arc for is looked up in the next shorter state, which costs back_off. */
typedef struct {
  int64_t states, arcs;
  int64_t start;           /* the state in which a sequence begins */
  const int64_t* first;    /* [states + 1] where a state's arcs begin; state 0, which has read nothing, has K, one for each */
  const int32_t* symbols;  /* [arcs] ascending within a state */
  const int32_t* next;     /* [arcs] the state after it */
  const float* log_p;      /* [arcs] finite, at most 0 */
  const float* back_off;   /* [states] a log probability: finite, at most 0 */
  const int32_t* shorter;  /* [states] a smaller number than its own, but for state 0 */
} bigru_ctc_model;

typedef struct {
  int64_t width;                 /* prefixes kept after each frame, at least 1 */
  int64_t n;                     /* labellings wanted, 1..width */
  int64_t candidates;            /* a frame prolongs prefixes by so many of its likeliest symbols; 0: by all */
  double weight, bonus;          /* score = log probability + weight * log p by the model + bonus * symbols; at most 1e6 */
  const bigru_ctc_model* model;  /* or NULL */
} bigru_ctc_search;

/* The likeliest symbol of each frame, of equals the smaller, with repetitions and blanks removed; n is 1 and scores are log
 * probabilities. Where a logit is NaN or infinite, counts is -1 and log_probabilities NaN, here and below. Of T frames
 * and L symbols, 2 T L bytes of working memory are needed. */
BIGRU_API int bigru_ctc_greedy(
    const bigru_ctc_batch* batch,
    const float* logits,              /* [B, T, K] of which the softmax is taken */
    const bigru_ctc_labellings* to);  /* written, n = 1 */

/* The best labellings by prefix beam search. Of equal scores the one that comes first in the order of symbols. */
BIGRU_API int bigru_ctc_beam(
    const bigru_ctc_batch* batch,
    const float* logits,  /* [B, T, K] of which the softmax is taken */
    const bigru_ctc_search* search,
    const bigru_ctc_labellings* to);  /* written, n = search->n */

/* Where given labellings stand and how likely they are; one that does not fit into its sequence's frames has counts -1. */
BIGRU_API int bigru_ctc_align(
    const bigru_ctc_batch* batch,
    const float* logits,              /* [B, T, K] of which the softmax is taken */
    const int64_t* counts,            /* [B] symbols of each labelling, 0..T */
    const int64_t* symbols,           /* [B, T] each 1..K-1; past the count never read */
    const bigru_ctc_labellings* to);  /* written, n = 1 */

/* ------------------------------------------------------------------------------------------------------ embeddings */

/* Sequences among N rows of something: sequence b is the rows starts[b] .. starts[b] + lengths[b] - 1. */
typedef struct {
  int64_t B, N;
  const int64_t* starts;   /* [B] */
  const int64_t* lengths;  /* [B] each at least 0 */
} bigru_sequences;

/* A table of vectors by id: of float32, or of whole numbers with a scale per column. One of values and quantized is given. */
typedef struct {
  int64_t size, dim;
  const float* values;      /* [size, dim], or NULL */
  const int8_t* quantized;  /* [size, dim], or NULL */
  const float* scales;      /* [dim] of each column of quantized, else NULL */
} bigru_embedding_table;

/* The tables' vectors side by side, one sequence after the other. */
BIGRU_API int bigru_embedding_lookup(
    const bigru_sequences* sequences,
    int64_t C,
    const bigru_embedding_table* tables,  /* [C] */
    const int32_t* ids,                   /* [N, C] each 0..size-1 of its table */
    int64_t T,                            /* at least the longest length */
    float* to);                           /* [B, T, sum of dims] written, zero past each length */

/* The same vectors added up over steps and tables and divided by the square root of the length (at least 1). Steps are
 * added in their order, each the sum of its tables' vectors. */
BIGRU_API int bigru_embedding_bag(
    const bigru_sequences* sequences,
    int64_t C,
    const bigru_embedding_table* tables,  /* [C] all of one dim */
    const int32_t* ids,                   /* [N, C] each 0..size-1 of its table */
    float* to);                           /* [B, dim] written */

/* Pooling over the steps within the lengths, column by column and in the order of the steps: the greatest, the mean, or the
 * sum divided by the square root of the length; zero where the length is. */
enum { BIGRU_POOL_MAX = 0, BIGRU_POOL_MEAN = 1, BIGRU_POOL_SQRT_N = 2 };
BIGRU_API int bigru_pool(
    int64_t B, int64_t T, int64_t C,
    const int64_t* lengths,  /* [B] each 0..T */
    const float* values,     /* [B, T, C] past a length never read */
    int pooling,             /* BIGRU_POOL_MAX, ... */
    float* to,               /* B rows of C numbers, written */
    int64_t stride);         /* numbers from one row of `to` to the next, at least C */

/* The bucket, 1..size-1, of every unit with its neighbours from `first` to `last` places on, by the hash of
 * bigru/features/hashing.py. */
BIGRU_API int bigru_ngram_buckets(
    int64_t N, int64_t B,
    const int64_t* lengths,   /* [B] units of each input; their sum is N */
    const uint64_t* codes,    /* [N] of the units, the inputs end to end */
    int first, int last,      /* -8..0 and 0..8 */
    int64_t size,             /* numbers in all, 2..2^31: 0 and the buckets */
    const uint64_t* known,    /* [bits / 64] the Bloom filter of bigru/features/known.py: what it lacks has the number 0 */
    int64_t bits,             /* of the filter: a power of two, 64..2^31; 0 with NULL: everything is known */
    int32_t* to,              /* N numbers, written */
    int64_t stride);          /* numbers from one of `to` to the next, at least 1 */

/* The words of a lexicon at every unit, as bigru/ops/lexicon/reference.py defines them: BIGRU_LEXICON_SLOTS entries per unit of
 * three numbers, a word's value and its units before and after this one; zeros where there is none. The children of node n of
 * the trie are children[n] .. children[n+1]-1, all later than n, symbols ascending; node 0 is the root. Words of more than
 * BIGRU_LEXICON_DEPTH units are not looked up. */
enum { BIGRU_LEXICON_SLOTS = 6, BIGRU_LEXICON_DEPTH = 64 };
BIGRU_API int bigru_lexicon_matches(int64_t N, int64_t B,
    const int64_t* lengths,                           /* [B] units of each input; their sum is N */
    const uint64_t* codes, int64_t nodes,             /* [N] of the units, the inputs end to end */
    const uint64_t* symbols, const int64_t* children, /* [nodes], [nodes + 1] */
    const int32_t* values, int32_t* to);              /* [nodes] above 0 where a word ends; [N, SLOTS, 3], written */

/* ------------------------------------------------------------------------------------------------------ the machine */

/* The instruction set that calls of this thread run on: "portable", "avx2", "avx512", "avx512_bf16" or "amx"; builds for
 * tests have "amx_emulated", too. It is the best of the CPU; BIGRU_ISA in the environment, read at the first call,
 * chooses another, and so does bigru_use_isa. NULL if BIGRU_ISA names one that this build or this CPU lacks, or if the
 * tiles of "amx" fail the check of their products that precedes their first use. */
BIGRU_API const char* bigru_isa(void);

/* Has the calls of the calling thread run on another instruction set from now on, or, with NULL, on that of BIGRU_ISA or of
 * the CPU again: for tests and comparisons. Other threads are not touched; helper threads work for their caller. Prepared
 * weights run on the set that packed them, whatever a thread has chosen; gates are laid out alike on all sets.
 * BIGRU_UNSUPPORTED if this build or this CPU lacks the set, or if its tiles fail that check; the choice then stays. */
BIGRU_API int bigru_use_isa(const char* name);

/* Name number i of the instruction sets built in, best first, and whether this CPU runs it; NULL past the last. */
BIGRU_API const char* bigru_isa_built(int i, int* runs_here);

/* Threads that a call with threads = 0 uses: BIGRU_THREADS, else the processors that affinity and cgroup allow.
 * 0 if BIGRU_THREADS is not a positive number. */
BIGRU_API int bigru_threads(void);

/* Operations per second of products and sums that never leave the registers, factors in one of the precisions, on so many
 * threads (0: bigru_threads()), measured for some milliseconds: what the kernels could reach at most. 0 where the
 * instruction set in use has no products of that precision, -1 on failure. Products count twice: they are added up. */
BIGRU_API double bigru_product_rate(int precision, int threads);

/* Elementary functions as the kernels compute them. */
BIGRU_API int bigru_vector_math(
    int function,     /* 0 sigmoid, 1 tanh, 2 exp, 3 log */
    const float* in,  /* [count] */
    float* out,       /* [count] written */
    int64_t count);

#ifdef __cplusplus
}
#endif
#endif
