"""Two cures for vLLM workers on CPUs that hand over their KV cache by NIXL, as a vLLM plugin: vLLM calls register() in each
of its processes. Measured with one prefill and one decode worker on two cores: a prompt of 200 tokens took 1.5 to 6 s
before, 0.4 s after; 24 tokens of decode 3 s before, 1.1 s after. Where a later release has changed what is put right here,
nothing is done."""
import importlib
import importlib.util

PROGRESS_PAUSE_MICROS = 1000


def register():
    let_progress_threads_rest()
    leave_affinity_alone()


def let_progress_threads_rest():
    """NIXL's Python API starts each agent's progress thread without a pause between its rounds, and so takes a whole core
    while nothing moves. With a pause of a millisecond that is 3 % of one."""
    for package in ("nixl_cu12", "nixl_cu13"):
        if importlib.util.find_spec(package) is None:
            continue
        try:
            bindings = importlib.import_module(package + "._bindings")
        except ImportError:  # made for another CUDA; NIXL takes the other package then
            continue
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
