/// Token ids in, token ids out: model graph, paged KV, batch scheduler, sampler. Imports tensor, models and core.
///
/// A model is loaded once with [EngineFactory#load]; [EngineFactory#start] starts an [EmbeddedEngine] on it,
/// any number of them. An engine's one thread owns [BlockPool], [Scheduler], [ModelRunner] and [Sampler];
/// [Stepper] is the story: schedule, forward, sample, advance. Other threads talk to it through a queue of
/// commands.
@NullMarked
package io.llmserve.engine;

import org.jspecify.annotations.NullMarked;
