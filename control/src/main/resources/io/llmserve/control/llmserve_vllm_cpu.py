"""Two cures for vLLM workers on CPUs that hand over their KV cache by NIXL, as a vLLM plugin: vLLM calls register() in each
of its processes. Measured with one prefill and one decode worker on two cores: a prompt of 200 tokens took 1.5 to 6 s
before, 0.4 s after; 24 tokens of decode 3 s before, 1.1 s after. Where a later release has changed what is put right here,
nothing is done."""
import importlib
import importlib.util
import os

PROGRESS_PAUSE_MICROS = 1000


def register():
    let_progress_threads_rest()
    leave_affinity_alone()


def let_progress_threads_rest():
    """NIXL's Python API starts each agent's progress thread without a pause between its rounds, and so takes a whole core
    while nothing moves. With a pause of a millisecond that is 3 % of one. NIXL is imported as vLLM imports it, which chooses
    one of its builds (two in one process do not get on); the variable is what vLLM sets when it imports NIXL first."""
    if importlib.util.find_spec("nixl") is None:
        return
    os.environ.setdefault("UCX_RCACHE_MAX_UNRELEASED", "1024")
    try:
        bindings = importlib.import_module("nixl._bindings")
    except ImportError:  # vLLM says so itself where it needs NIXL
        return
    original = getattr(bindings, "nixlAgent", None)
    if original is not None:
        bindings.nixlAgent = rested(original)


def rested(original):
    def agent(name, config):
        if hasattr(config, "pthrDelay"):
            config.pthrDelay = PROGRESS_PAUSE_MICROS
        return original(name, config)

    return agent


def leave_affinity_alone():
    """vLLM's NIXL worker moves its main thread, which computes, to the last core of each NUMA node: with several workers on
    a machine all of them compute on that one. Where no NUMA node is known, it leaves its threads where they were bound."""
    from vllm.platforms.cpu import CpuPlatform

    if hasattr(CpuPlatform, "discover_numa_topology"):
        CpuPlatform.discover_numa_topology = classmethod(lambda cls: [])
