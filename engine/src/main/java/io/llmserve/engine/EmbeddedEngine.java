package io.llmserve.engine;

import io.llmserve.core.Clock;
import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import io.llmserve.models.ModelConfiguration;
import io.llmserve.tensor.KvLayout;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The engine in this process: one platform thread that takes commands and steps. Made by [EngineFactory].
public final class EmbeddedEngine implements Engine {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedEngine.class);

    /// How often an engine that has nothing to compute looks at the clock, if time matters to it at all.
    private static final Duration TICK = Duration.ofMillis(20);

    private final EngineMemory memory;
    private final Clock clock;
    private final RequestRules rules;
    private final WaitingQueue waiting;
    private final Stepper stepper;
    private final WarmUp warmUp;
    private final Thread thread;
    private final AtomicLong arrivals = new AtomicLong();
    /// Bounded by the waiting queue's limit and one cancel per generation.
    private final BlockingQueue<Command> commands = new LinkedBlockingQueue<>();
    private final ExportTable exports = new ExportTable(export -> send(new Command.Settle(export), true));
    private final Handovers handovers;
    /// Owned by the step thread.
    private final List<Command.Drain> drains = new ArrayList<>();
    private boolean stopping;
    /// Guarded by `commands`: whether the step thread will still see what is put there.
    private boolean accepting = true;
    private boolean ended;
    private volatile EngineStatistics statistics;

    private EmbeddedEngine(EngineMemory memory, Clock clock) {
        ModelConfiguration model = memory.model().configuration();
        EngineOptions options = memory.options();
        this.memory = memory;
        this.clock = clock;
        this.rules = new RequestRules(model.vocabulary(), memory.contextLength());
        this.waiting = new WaitingQueue(options.maxWaiting());
        BlockPool pool = new BlockPool(memory.cache().pages());
        this.handovers = new Handovers(
                pool, exports, options.lease().toNanos(), closed -> send(new Command.ImportClosed(closed), true));
        Stepper.Parts parts = new Stepper.Parts(
                pool,
                new Scheduler(options.batching(), options.kv().prefixCaching(), pool),
                handovers,
                new StepRunner(memory.runner(), model.vocabulary(), options.batching()),
                new Sampler(model.vocabulary(), memory.model().eosTokenIds()),
                new StopRule(memory.model().eosTokenIds(), memory.contextLength()));
        this.stepper = new Stepper(parts, clock, generation -> waiting.leave(generation.waitedNanos(clock.nanos())));
        this.warmUp = new WarmUp(parts, clock, memory.contextLength(), options.batching());
        this.statistics = stepper.statistics();
        this.thread = Thread.ofPlatform().name("engine-step").unstarted(this::run);
    }

    static EmbeddedEngine start(EngineMemory memory, Clock clock) {
        EmbeddedEngine engine = new EmbeddedEngine(memory, clock);
        engine.thread.start();
        return engine;
    }

    /// The most tokens of a sequence, prompt and answer.
    public int contextLength() {
        return memory.contextLength();
    }

    @Override
    public Generation submit(GenerationRequest request, GenerationListener listener) {
        rules.check(request);
        synchronized (commands) {
            if (!accepting) {
                throw WaitingQueue.closed();
            }
            waiting.enter();
            ActiveGeneration generation = new ActiveGeneration(
                    request, listener, this::cancel, offer(request), arrivals.getAndIncrement(), clock.nanos());
            commands.add(new Command.Submit(generation));
            return generation;
        }
    }

    /// From now on others may ask for the prompt's pages.
    private @Nullable PromptExport offer(GenerationRequest request) {
        int tokens = request.prompt().length + request.resumed().length;
        return request.handover() instanceof Handover.Offer(String transferId)
                ? exports.add(transferId, (tokens - 1) / Sequence.PAGE_TOKENS)
                : null;
    }

    /// Prompts whose pages other engines may have.
    public PageExports exports() {
        return exports;
    }

    /// How a page is laid out.
    public KvLayout pageLayout() {
        return memory.cache().layout();
    }

    /// All pages, one after the other; until the engine is closed. What may be read and written there, and when, is
    /// for [#exports()] and [PageFiller]s to say.
    public MemorySegment pageMemory() {
        return memory.cache().memory();
    }

    @Override
    public EngineStatistics statistics() {
        EngineStatistics latest = statistics;
        EngineStatistics.Gauges now = latest.now();
        return new EngineStatistics(
                new EngineStatistics.Gauges(
                        now.running(),
                        Math.max(now.waiting(), waiting.size()),
                        now.fetching(),
                        now.pages(),
                        now.usedPages(),
                        now.cachedPages(),
                        now.pageTokens(),
                        now.prefixCaching()),
                latest.total(),
                latest.handovers(),
                latest.steps());
    }

    /// Runs the kernels on shapes as they will come, until the JIT has compiled them or `limit` has passed. Leaves
    /// nothing behind. Generations submitted meanwhile wait.
    public void warmUp(Duration limit) {
        CountDownLatch done = new CountDownLatch(1);
        if (send(new Command.WarmUp(limit.toNanos(), done), true)) {
            await(done);
        }
    }

    @Override
    public void drain(Duration deadline) {
        CountDownLatch done = new CountDownLatch(1);
        if (send(new Command.Drain(clock.nanos() + deadline.toNanos(), done), false)) {
            await(done);
        }
    }

    @Override
    public void close() {
        send(new Command.Stop(), false);
        if (Thread.currentThread() != thread) {
            joinStepThread();
        }
    }

    private void cancel(ActiveGeneration generation) {
        send(new Command.Cancel(generation), true);
    }

    /// False where the step thread has ended, and with it every generation.
    private boolean send(Command command, boolean keepsAccepting) {
        synchronized (commands) {
            accepting &= keepsAccepting;
            return !ended && commands.add(command);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void joinStepThread() {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            boolean stepped = false;
            while (!stopping) {
                handleCommands(stepped);
                handovers.expire(clock.nanos());
                expireDrains();
                stepped = stepper.step();
                statistics = stepper.statistics();
            }
            stepper.abortAll();
        } catch (RuntimeException | Error e) {
            LOG.error("the engine's step thread ends", e);
            stepper.failAll(new ServeException(Failure.INTERNAL, "the engine failed: " + e, e));
        } finally {
            end();
        }
    }

    /// Waits for a command where there is nothing to compute.
    private void handleCommands(boolean stepped) {
        Command command = stepped ? commands.poll() : await();
        while (command != null) {
            handle(command);
            command = commands.poll();
        }
    }

    /// Not for long where time alone may change something: leases and drains end.
    private @Nullable Command await() {
        try {
            return isQuiet() && drains.isEmpty()
                    ? commands.take()
                    : commands.poll(TICK.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException("the step thread was interrupted", e);
        }
    }

    private void handle(Command command) {
        switch (command) {
            case Command.Submit(ActiveGeneration generation) -> stepper.add(generation);
            case Command.Cancel(ActiveGeneration generation) -> stepper.abort(generation);
            case Command.Settle(PromptExport export) -> handovers.settle(export, clock.nanos());
            case Command.ImportClosed(PromptImport.Closed closed) -> stepper.imported(closed);
            case Command.Drain drain -> drains.add(drain);
            case Command.WarmUp(long limitNanos, CountDownLatch done) -> {
                try {
                    warmUp.run(limitNanos);
                } finally {
                    done.countDown();
                }
            }
            case Command.Stop() -> stopping = true;
        }
    }

    private void expireDrains() {
        long now = clock.nanos();
        if (drains.stream().anyMatch(drain -> drain.deadlineNanos() - now <= 0)) {
            stepper.abortAll();
            handovers.endAll();
        }
        if (isQuiet()) {
            drains.forEach(drain -> drain.done().countDown());
            drains.clear();
        }
    }

    /// Whether no generation is left, and no page that another engine may still want.
    private boolean isQuiet() {
        return stepper.isIdle() && handovers.isEmpty();
    }

    /// Nothing reaches this thread any more; what came last is answered, and memory goes back.
    private void end() {
        synchronized (commands) {
            accepting = false;
            ended = true;
        }
        exports.close();
        handovers.endAll();
        for (Command command = commands.poll(); command != null; command = commands.poll()) {
            switch (command) {
                case Command.Submit(ActiveGeneration generation) -> stepper.refuse(generation, WaitingQueue.closed());
                case Command.WarmUp(long limitNanos, CountDownLatch done) -> done.countDown();
                case Command.Drain drain -> drains.add(drain);
                case Command.ImportClosed(PromptImport.Closed closed) -> stepper.imported(closed);
                case Command.Settle settle -> handovers.settle(settle.export(), clock.nanos());
                case Command.Cancel cancel -> {}
                case Command.Stop stop -> {}
            }
        }
        drains.forEach(drain -> drain.done().countDown());
        statistics = stepper.statistics();
        memory.free();
    }
}
