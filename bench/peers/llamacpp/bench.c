// Drives libllama (llama.cpp) the way a server does and prints one JSON object a line.
// usage: bench MODEL.gguf LIBDIR [threads=2] [rounds=3] [case,case...]   cases by the beginning of their names; default: all
#include "llama.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9; }
static void quiet(enum ggml_log_level level, const char *text, void *user) { (void)user; if (level >= GGML_LOG_LEVEL_ERROR) fputs(text, stderr); }
static struct llama_batch batch;
static struct llama_context *ctx;

static void add(int token, int pos, int seq, int logits) {
  int i = batch.n_tokens++;
  batch.token[i] = token; batch.pos[i] = pos; batch.n_seq_id[i] = 1; batch.seq_id[i][0] = seq; batch.logits[i] = logits;
}
static void run(void) { if (llama_decode(ctx, batch)) { fprintf(stderr, "llama_decode failed\n"); exit(3); } llama_synchronize(ctx); batch.n_tokens = 0; }
static void clear(void) { llama_memory_clear(llama_get_memory(ctx), true); batch.n_tokens = 0; }
static void prompt(int seq, int from, int to) { // tokens [from, to) in chunks of 2048
  for (int i = from; i < to;) { for (; i < to && batch.n_tokens < 2048; i++) add(100 + (i * 7 + seq) % 3000, i, seq, i == to - 1); run(); }
}
static const char *only = "";
static int chosen(const char *name) { // is one of the comma-separated prefixes in `only` how `name` begins?
  for (const char *p = only; *p;) { size_t n = strcspn(p, ","); if (!strncmp(name, p, n)) return 1; p += n + (p[n] == ','); }
  return !*only;
}
static int by_value(const void *a, const void *b) { double x = *(double *)a, y = *(double *)b; return x < y ? -1 : x > y; }
static double decode(int streams, int pos, int steps) { // tokens a second over all streams
  double t = now();
  for (int g = 0; g < steps; g++) { for (int s = 0; s < streams; s++) add(200 + g + s, pos + g, s, 1); run(); }
  return streams * steps / (now() - t);
}

int main(int argc, char **argv) {
  double start = now();
  int threads = argc > 3 ? atoi(argv[3]) : 2, rounds = argc > 4 ? atoi(argv[4]) : 3;
  if (argc > 5) only = argv[5];
  llama_log_set(quiet, 0);
  ggml_backend_load_all_from_path(argv[2]);
  llama_backend_init();
  struct llama_model *model = llama_model_load_from_file(argv[1], llama_model_default_params());
  if (!model) return 1;
  struct llama_context_params p = llama_context_default_params();
  p.n_ctx = 16 * 1200; p.n_batch = 2048; p.n_ubatch = 512; p.n_seq_max = 16; p.n_threads = p.n_threads_batch = threads; p.kv_unified = true;
  ctx = llama_init_from_model(model, p);
  if (!ctx) return 2;
  batch = llama_batch_init(2048, 0, 1);
  add(100, 0, 0, 1); run();
  printf("{\"case\":\"start_to_first_token_s\",\"value\":%.3f}\n", now() - start);
  for (int r = 0; r < rounds; r++) {
    double t;
    if (chosen("prefill_1024_tok_s")) { clear(); t = now(); prompt(0, 0, 1024); printf("{\"case\":\"prefill_1024_tok_s\",\"value\":%.1f}\n", 1024 / (now() - t)); }
    if (chosen("decode_1_at_1024_tok_s")) { clear(); prompt(0, 0, 1024); printf("{\"case\":\"decode_1_at_1024_tok_s\",\"value\":%.1f}\n", decode(1, 1024, 64)); }
    if (chosen("decode_1_tok_s")) { clear(); printf("{\"case\":\"decode_1_tok_s\",\"value\":%.1f}\n", decode(1, 0, 64)); }
    for (int s = 4; s <= 16; s *= 2) {
      char name[64]; snprintf(name, sizeof name, "decode_%d_at_128_tok_s", s);
      if (!chosen(name)) continue;
      clear(); for (int i = 0; i < s; i++) prompt(i, 0, 128);
      printf("{\"case\":\"%s\",\"value\":%.1f}\n", name, decode(s, 128, 64));
    }
    if (chosen("ttft_4096_with_3800_cached_s")) {
    clear(); prompt(0, 0, 4096); llama_memory_seq_rm(llama_get_memory(ctx), 0, 3800, -1);
    t = now(); prompt(0, 3800, 4096); printf("{\"case\":\"ttft_4096_with_3800_cached_s\",\"value\":%.4f}\n", now() - t);
    }
    // 8 streams decode; every 64 steps a 1,024-token prompt joins the same batch, at most `room` tokens a step
    for (int room = 512; room <= 2048; room *= 4) {
      char name[64]; snprintf(name, sizeof name, "mixed_8_streams_batch_%d_itl_ms", room);
      if (!chosen(name)) continue;
      clear(); for (int i = 0; i < 8; i++) prompt(i, 0, 128);
      double gap[256], total = 0; int left = 0, at = 0;
      for (int g = 0; g < 256; g++) {
        if (g % 64 == 32) { left = 1024; at = 0; llama_memory_seq_rm(llama_get_memory(ctx), 8, -1, -1); }
        t = now();
        for (int s = 0; s < 8; s++) add(200 + g + s, 128 + g, s, 1);
        for (int k = 0; k < room - 8 && left > 0; k++, left--, at++) add(100 + at % 3000, at, 8, left == 1);
        run(); total += gap[g] = now() - t;
      }
      qsort(gap, 256, sizeof(double), by_value);
      printf("{\"case\":\"%s\",\"p50\":%.2f,\"p99\":%.2f,\"max\":%.2f,\"tok_s\":%.1f}\n", name, gap[128] * 1e3, gap[253] * 1e3, gap[255] * 1e3, 8 * 256 / total);
    }
    fflush(stdout);
  }
  struct rusage used; getrusage(RUSAGE_SELF, &used);
  printf("{\"case\":\"peak_memory_mb\",\"value\":%.1f}\n", used.ru_maxrss / 1024.0);
}
