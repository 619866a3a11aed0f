"""gguf_to_hf.py FOLDER FILE OUT: a GGUF file as a folder that transformers and vLLM load, in bf16. transformers does not save
a model that it has read from GGUF, so its weights are copied into a fresh one."""
import copy
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

folder, name, out = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
source = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
config = copy.deepcopy(source.config)
for key in ("quantization_config", "_pre_quantization_dtype"):
    if hasattr(config, key):
        delattr(config, key)
config.architectures = ["LlamaForCausalLM"]
model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
model.load_state_dict(source.state_dict(), strict=False)
model.tie_weights()
model.to(torch.bfloat16).save_pretrained(out + ".partial")
tokenizer.save_pretrained(out + ".partial")
