#!/usr/bin/env python3
"""Makes the tiny random models under testkit/src/main/resources/tiny-models and their goldens, with HF transformers in f32.

Pinned: torch==2.9.1 transformers==4.57.6 gguf==0.19.0 tokenizers==0.22.2 safetensors==0.8.0 numpy==2.4.6
Run:    python tools/tiny_models.py testkit/src/main/resources/tiny-models

Each model is a safetensors directory as transformers saves it, or a .gguf file with the conventions of llama.cpp's converter. Beside
each lies NAME.golden.json: prompts, the greedy continuation (end-of-sequence ignored), the five best log-probabilities at each step and
all logits of the first step, of the weights exactly as stored (quantised ones dequantised). Seeds are searched until the best two
tokens differ by MARGIN in log-probability at every step, so that greedy texts do not hang on the order of additions.
"""
import copy, json, math, shutil, sys
from pathlib import Path
import gguf
import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (AutoModelForCausalLM, GenerationConfig, LlamaConfig, MistralConfig, PreTrainedTokenizerFast, Qwen2Config,
                          Qwen3Config)

VOCABULARY, STEPS, MARGIN = 320, 12, 0.05
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TEMPLATE = ("{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
            "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why is the sky blue?"}]
CORPUS = ["the capital of France is Paris and the sky is blue", "user assistant system", "Why is the weather there what it is?",
          "one token after another, the answer is written on the screen", "it's the other thing that they would have said"]
Q = gguf.GGMLQuantizationType


def tokenizer():
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    bpe.train_from_iterator(CORPUS * 4, trainers.BpeTrainer(vocab_size=VOCABULARY, special_tokens=SPECIAL, show_progress=False,
                                                            initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    assert bpe.get_vocab_size() == VOCABULARY, bpe.get_vocab_size()
    return PreTrainedTokenizerFast(tokenizer_object=bpe, bos_token=SPECIAL[1], eos_token=SPECIAL[2], unk_token=SPECIAL[0], pad_token=SPECIAL[2],
                                   clean_up_tokenization_spaces=False)


COMMON = dict(vocab_size=VOCABULARY, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
              max_position_embeddings=256, bos_token_id=1, eos_token_id=2, pad_token_id=2, attn_implementation="eager")
CONFIGURATIONS = {
    "llama-tied": (LlamaConfig(**COMMON, tie_word_embeddings=True), torch.bfloat16),
    "llama3-untied": (LlamaConfig(**{**COMMON, "num_hidden_layers": 3, "eos_token_id": [2, 0]}, tie_word_embeddings=False, rope_theta=500000.0,
                                  rope_scaling=dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                                                    original_max_position_embeddings=64)), torch.float32),
    "mistral": (MistralConfig(**{**COMMON, "num_key_value_heads": 1}, sliding_window=None, tie_word_embeddings=False), torch.float16),
    "mistral-window": (MistralConfig(**COMMON, sliding_window=8, tie_word_embeddings=False), torch.bfloat16),
    "qwen2": (Qwen2Config(**COMMON, tie_word_embeddings=True, rope_theta=1000000.0), torch.bfloat16),
    "qwen3": (Qwen3Config(**COMMON, tie_word_embeddings=True, head_dim=32, rope_theta=1000000.0), torch.bfloat16),
    "llama-wide": (LlamaConfig(**{**COMMON, "hidden_size": 256, "intermediate_size": 256, "num_attention_heads": 8}, tie_word_embeddings=True),
                   torch.float32),
}
GGUF_FILES = {"llama-tied.BF16": Q.BF16, "llama3-untied.Q8_0": Q.Q8_0, "mistral.F16": Q.F16, "qwen2.Q4_0": Q.Q4_0, "qwen3.Q4_1": Q.Q4_1,
              "llama-wide.Q4_K": Q.Q4_K}


def random_model(name, seed):
    configuration, dtype = CONFIGURATIONS[name]
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(configuration, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.no_grad():
        for key, weight in model.named_parameters():
            if "norm" in key:
                weight.copy_(1 + 0.2 * torch.randn_like(weight))
            elif "embed_tokens" in key:
                weight.copy_(0.6 * torch.randn_like(weight))
            else:
                weight.copy_(torch.randn_like(weight) * (0.3 if weight.dim() == 1 else 1.5 / math.sqrt(weight.shape[-1])))
            weight.copy_(weight.to(dtype).float())
    return model


def golden(model, words):
    chat = words.apply_chat_template(MESSAGES, chat_template=TEMPLATE, tokenize=False, add_generation_prompt=True)
    random = np.random.default_rng(7)
    prompts = [dict(kind="text", text="the answer is", prompt_token_ids=words("the answer is")["input_ids"]),
               dict(kind="chat", messages=MESSAGES, text=chat, prompt_token_ids=words(chat)["input_ids"]),
               dict(kind="ids", prompt_token_ids=random.integers(3, VOCABULARY, 40).tolist()), dict(kind="ids", prompt_token_ids=[17])]
    margin = math.inf
    for case in prompts:
        ids, greedy, top, first = list(case["prompt_token_ids"]), [], [], None
        for _ in range(STEPS):
            with torch.no_grad():
                logits = model(torch.tensor([ids]), use_cache=False).logits[0, -1].double()
            first = logits if first is None else first
            best = torch.log_softmax(logits, -1).topk(5)
            margin = min(margin, float(best.values[0] - best.values[1]))
            top.append([[int(i), round(float(v), 5)] for v, i in zip(best.values, best.indices)])
            greedy.append(top[-1][0][0])
            ids.append(greedy[-1])
        case.update(greedy_token_ids=greedy, greedy_text=words.decode(greedy, skip_special_tokens=True), top5_logprobs=top,
                    first_logits=[round(float(v), 5) for v in first])
    return prompts, margin


def permuted(weight, heads):
    """Rows of q and k as llama.cpp's converter orders them for the interleaved RoPE of its `llama` architecture."""
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def unpermuted(weight, heads):
    return weight.reshape(heads, weight.shape[0] // heads // 2, 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def random_k_blocks(shape, kind, random):
    """gguf-py cannot quantise to K formats; any bytes with sane scales are valid blocks, so these weights are drawn quantised."""
    blocks = shape[0] * shape[1] // 256
    if kind == Q.Q4_K:
        raw = random.integers(0, 256, (blocks, 144), dtype=np.uint8)
        raw[:, 0:2] = random.uniform(2e-4, 3e-4, (blocks, 1)).astype(np.float16).view(np.uint8)
        raw[:, 2:4] = random.uniform(1.5e-3, 2.2e-3, (blocks, 1)).astype(np.float16).view(np.uint8)
    else:
        raw = random.integers(0, 256, (blocks, 210), dtype=np.uint8)
        raw[:, 208:210] = random.uniform(3e-5, 5e-5, (blocks, 1)).astype(np.float16).view(np.uint8)
    return raw.reshape(shape[0], -1)


def gguf_name(key):
    if key in ("model.embed_tokens.weight", "lm_head.weight", "model.norm.weight"):
        return {"m": {"e": "token_embd.weight", "n": "output_norm.weight"}.get(key[6]), "l": "output.weight"}[key[0]]
    _, _, layer, rest = key.split(".", 3)
    part, suffix = rest.rsplit(".", 1)
    return f"blk.{layer}." + {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
                              "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
                              "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate",
                              "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}[part] + "." + suffix


def write_metadata(writer, config, words):
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_theta)
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    writer.add_rope_dimension_count(head)
    writer.add_key_length(head)
    writer.add_value_length(head)
    vocabulary = sorted(words.get_vocab().items(), key=lambda item: item[1])
    merges = json.loads(words.backend_tokenizer.to_str())["model"]["merges"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([token for token, _ in vocabulary])
    writer.add_token_types([3 if token in SPECIAL else 1 for token, _ in vocabulary])
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in merges])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(2)
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)


def llama3_factors(config):
    s, head = config.rope_scaling, config.hidden_size // config.num_attention_heads
    factors = []
    for i in range(0, head, 2):
        wavelength = 2 * math.pi * config.rope_theta ** (i / head)
        old = s["original_max_position_embeddings"]
        smooth = (old / wavelength - s["low_freq_factor"]) / (s["high_freq_factor"] - s["low_freq_factor"])
        factors.append(1 / ((1 - min(max(smooth, 0), 1)) / s["factor"] + min(max(smooth, 0), 1)))
    return np.array(factors, dtype=np.float32)


def write_gguf(path, model, words, quantisation, seed):
    """Writes the file and loads into `model` what the file's weights are once dequantised."""
    config, random = model.config, np.random.default_rng(seed)
    interleaved = config.model_type in ("llama", "mistral")
    writer = gguf.GGUFWriter(path, "llama" if interleaved else config.model_type)
    writer.add_name("tiny " + path.stem)
    write_metadata(writer, config, words)
    if getattr(config, "rope_scaling", None):
        writer.add_tensor("rope_freqs.weight", llama3_factors(config))
    for key, weight in model.named_parameters():
        heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}.get(key.split(".")[-2]) if interleaved else None
        array = weight.detach().numpy()
        array = permuted(array, heads) if heads else array
        kind = Q.F32 if array.ndim == 1 else quantisation
        if kind == Q.Q4_K:
            kind = Q.Q6_K if any(part in key for part in ("embed", "v_proj", "down_proj")) else kind
            stored = random_k_blocks(array.shape, kind, random)
        else:
            stored = np.ascontiguousarray(array) if kind == Q.F32 else gguf.quants.quantize(array, kind)
        writer.add_tensor(gguf_name(key), stored, raw_dtype=kind)
        exact = gguf.quants.dequantize(stored, kind).astype(np.float32) if kind != Q.F32 else array
        with torch.no_grad():
            weight.copy_(torch.from_numpy(np.array(unpermuted(exact, heads) if heads else exact)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_directory(folder, name, model, words):
    dtype = CONFIGURATIONS[name][1]
    model.generation_config = GenerationConfig(bos_token_id=1, eos_token_id=model.config.eos_token_id)
    words.chat_template = TEMPLATE
    words.save_pretrained(folder, save_jinja_files=name == "llama3-untied")
    (folder / "special_tokens_map.json").unlink()
    stored = copy.deepcopy(model).to(dtype)  # a copy: the cast would round the frequencies of RoPE too
    stored.save_pretrained(folder, max_shard_size="200KB" if name == "llama3-untied" else "5GB")


def make(out, name, stem, quantisation, words):
    for seed in range(1000):
        model = random_model(name, seed)
        if quantisation is None:
            folder = out / stem
            shutil.rmtree(folder, ignore_errors=True)
            write_directory(folder, name, model, words)
        else:
            write_gguf(out / (stem + ".gguf"), model, words, quantisation, seed)
        cases, margin = golden(model, words)
        if margin >= MARGIN:
            (out / (stem + ".golden.json")).write_text(json.dumps({"model": stem, "reference": "transformers, f32, greedy", "cases": cases},
                                                                  indent=None, separators=(",", ":")) + "\n")
            print(f"{stem}: seed {seed}, margin {margin:.3f}, greedy {cases[1]['greedy_token_ids']}")
            return
    raise SystemExit(f"{stem}: no seed with margin {MARGIN}")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    spoken = tokenizer()
    for each in CONFIGURATIONS:
        if each != "llama-wide":
            make(target, each, each, None, spoken)
    for each, kind in GGUF_FILES.items():
        make(target, each.rsplit(".", 1)[0], each, kind, spoken)
