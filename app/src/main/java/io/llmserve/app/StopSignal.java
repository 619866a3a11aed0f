package io.llmserve.app;

import io.llmserve.core.Failure;
import io.llmserve.core.ServeException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/// Ctrl-C and SIGTERM. The first asks for a tidy end, the second for a quick one. Unlike a shutdown hook it leaves the
/// exit
/// code to the program.
final class StopSignal {
    private final CountDownLatch first = new CountDownLatch(1);
    private final CountDownLatch second = new CountDownLatch(1);

    static StopSignal install() {
        StopSignal stop = new StopSignal();
        for (String name : List.of("INT", "TERM")) {
            handle(name, stop::arrived);
        }
        return stop;
    }

    void arrived() {
        if (first.getCount() == 0) {
            second.countDown();
        }
        first.countDown();
    }

    boolean requested() {
        return first.getCount() == 0;
    }

    void awaitFirst() throws InterruptedException {
        first.await();
    }

    void awaitSecond() throws InterruptedException {
        second.await();
    }

    /// `sun.misc.Signal` is in every JDK and has no successor, but javac warns of its mere name; hence by reflection.
    private static void handle(String name, Runnable action) {
        try {
            Class<?> signalType = Class.forName("sun.misc.Signal");
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Object handler = Proxy.newProxyInstance(
                    StopSignal.class.getClassLoader(), new Class<?>[] {handlerType}, (proxy, method, arguments) -> {
                        switch (method.getName()) {
                            case "handle" -> action.run();
                            case "hashCode" -> {
                                return System.identityHashCode(proxy);
                            }
                            case "equals" -> {
                                return arguments != null && proxy == arguments[0];
                            }
                            default -> {
                                return name;
                            }
                        }
                        return null;
                    });
            Object signal = signalType.getConstructor(String.class).newInstance(name);
            signalType.getMethod("handle", signalType, handlerType).invoke(null, signal, handler);
        } catch (ReflectiveOperationException failure) {
            throw new ServeException(Failure.INTERNAL, "signal %s cannot be handled".formatted(name), failure);
        }
    }
}
