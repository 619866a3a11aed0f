package io.llmserve.app;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/// Ctrl-C and SIGTERM. Before the system is ready they end the process at once; then the first asks for a
/// tidy end, and the second for a quick one, by interrupting the thread that tidies up. Unlike a shutdown
/// hook this leaves the exit code to the program.
final class StopSignal {
    private final CountDownLatch requested = new CountDownLatch(1);
    private final AtomicInteger count = new AtomicInteger();
    private final Thread owner = Thread.currentThread();
    private final AtomicReference<Runnable> beforeReady;

    private StopSignal(Runnable beforeReady) {
        this.beforeReady = new AtomicReference<>(beforeReady);
    }

    /// For the calling thread.
    static StopSignal install(Runnable beforeReady) {
        StopSignal stop = new StopSignal(beforeReady);
        List.of("INT", "TERM").forEach(name -> handle(name, stop::arrived));
        return stop;
    }

    /// From now on a stop is left to whoever awaits it.
    void ready() {
        beforeReady.set(() -> {});
    }

    void await() throws InterruptedException {
        requested.await();
    }

    void arrived() {
        beforeReady.get().run();
        if (count.incrementAndGet() > 1) {
            owner.interrupt();
        }
        requested.countDown();
    }

    /// `sun.misc.Signal` is in every JDK and has no successor, but javac warns of its mere name; hence by reflection.
    private static void handle(String name, Runnable action) {
        InvocationHandler handler = (proxy, method, arguments) -> switch (method.getName()) {
            case "handle" -> {
                action.run();
                yield null;
            }
            case "hashCode" -> System.identityHashCode(proxy);
            case "equals" -> arguments != null && proxy == arguments[0];
            default -> "handler of SIG" + name;
        };
        try {
            Class<?> signalType = Class.forName("sun.misc.Signal");
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Object proxy =
                    Proxy.newProxyInstance(StopSignal.class.getClassLoader(), new Class<?>[] {handlerType}, handler);
            Object signal = signalType.getConstructor(String.class).newInstance(name);
            signalType.getMethod("handle", signalType, handlerType).invoke(null, signal, proxy);
        } catch (ReflectiveOperationException failure) {
            throw new ServeException(Failure.INTERNAL, "signal %s cannot be handled".formatted(name), failure);
        }
    }
}
