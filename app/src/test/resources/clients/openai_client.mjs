// The official openai client for Node, unchanged, against a running server. Prints a line per promise kept; the first
// broken one ends it with a stack trace.
// usage: node openai_client.mjs BASE_URL API_KEY MODEL
import assert from "node:assert/strict";
import OpenAI from "openai";

const [baseURL, apiKey, model] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout: 60_000 });
const messages = [{ role: "system", content: "Be brief." }, { role: "user", content: "Why is the sky blue?" }];
const request = { model, messages, max_tokens: 8, temperature: 0, ignore_eos: true };

async function promise(name, check) {
  await check();
  console.log("ok", name);
}

async function failsWith(kind, status, call) {
  const error = await call().then(() => null, (e) => e);
  assert.equal(error?.constructor, kind, `${error}`);
  assert.equal(error.status, status);
  assert.ok(error.message);
  return error;
}

await promise("lists its model", async () => {
  const ids = [];
  for await (const entry of client.models.list()) ids.push(entry.id);
  assert.deepEqual(ids, [model]);
});

await promise("answers a chat", async () => {
  const answer = await client.chat.completions.create(request);
  assert.equal(answer.choices[0].message.role, "assistant");
  assert.equal(answer.choices[0].finish_reason, "length");
  assert.equal(answer.usage.completion_tokens, 8);
});

await promise("a stream is the same text in pieces", async () => {
  const whole = await client.chat.completions.create({ ...request, max_tokens: 24 });
  const stream = await client.chat.completions.create({
    ...request, max_tokens: 24, stream: true, stream_options: { include_usage: true },
  });
  let text = "";
  let usage;
  for await (const event of stream) {
    text += event.choices[0]?.delta?.content ?? "";
    usage = event.usage ?? usage;
  }
  assert.equal(text, whole.choices[0].message.content);
  assert.deepEqual(usage, whole.usage);
});

await promise("completes text with log-probabilities", async () => {
  const answer = await client.completions.create({
    model, prompt: "The answer is", max_tokens: 6, temperature: 0, logprobs: 2, ignore_eos: true,
  });
  assert.equal(answer.choices[0].logprobs.token_logprobs.length, 6);
});

await promise("answers n times", async () => {
  const answer = await client.chat.completions.create({ ...request, n: 2, temperature: 1, seed: 3 });
  assert.deepEqual(answer.choices.map((choice) => choice.index), [0, 1]);
});

await promise("errors have the client's own classes", async () => {
  const stranger = new OpenAI({ baseURL, apiKey: "wrong-key-of-nobody", maxRetries: 0 });
  await failsWith(OpenAI.AuthenticationError, 401, () => stranger.chat.completions.create(request));
  await failsWith(OpenAI.NotFoundError, 404, () => client.chat.completions.create({ ...request, model: "none" }));
  const error = await failsWith(OpenAI.BadRequestError, 400, () => client.chat.completions.create({ ...request, top_p: 7 }));
  assert.match(error.message, /top_p/);
});

await promise("too much at once is a rate limit error", async () => {
  const asked = Array.from({ length: 24 }, () => client.chat.completions.create({ ...request, max_tokens: 150 }));
  const outcomes = await Promise.allSettled(asked);
  const refused = outcomes.filter((outcome) => outcome.status === "rejected").map((outcome) => outcome.reason);
  assert.ok(refused.length > 0 && refused.length < 24, `${refused.length} refused`);
  for (const error of refused) {
    assert.equal(error.constructor, OpenAI.RateLimitError, `${error}`);
    assert.ok(Number(error.headers.get("retry-after")) >= 1);
  }
});

await promise("a client may leave in mid-stream", async () => {
  const stream = await client.chat.completions.create({ ...request, max_tokens: 150, stream: true });
  for await (const event of stream) {
    assert.ok(event.id);
    stream.controller.abort();
  }
  const answer = await client.chat.completions.create(request);
  assert.equal(answer.usage.completion_tokens, 8);
});
