"""The official openai client, unchanged, against a running server. Prints a line per promise kept; the first broken one
ends it with a traceback.

usage: openai_client.py BASE_URL API_KEY MODEL
The server has one place and a queue of two, and a context of at least 200 tokens.
"""
import asyncio
import sys
import threading

import openai

base_url, api_key, model = sys.argv[1:4]
client = openai.OpenAI(base_url=base_url, api_key=api_key, max_retries=0, timeout=60)
messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why is the sky blue?"}]
exact = {"ignore_eos": True}


def promise(check):
    check()
    print("ok", check.__name__, flush=True)


def chat(**options):
    options = {"model": model, "messages": messages, "max_tokens": 8, "temperature": 0, "extra_body": exact, **options}
    return client.chat.completions.create(**options)


def complete(**options):
    options = {"model": model, "prompt": "The answer is", "max_tokens": 8, "temperature": 0, "extra_body": exact, **options}
    return client.completions.create(**options)


def fails_with(kind, call, status):
    try:
        call()
    except kind as error:
        assert type(error) is kind, type(error)
        assert error.status_code == status, error.status_code
        assert error.body["message"], error.body
        return error
    raise AssertionError(f"no {kind.__name__}")


@promise
def lists_its_model():
    assert [m.id for m in client.models.list()] == [model]
    assert client.models.retrieve(model).id == model


@promise
def answers_a_chat():
    answer = chat()
    assert answer.object == "chat.completion" and answer.model == model and answer.id
    choice = answer.choices[0]
    assert choice.message.role == "assistant" and isinstance(choice.message.content, str)
    assert choice.finish_reason == "length", choice.finish_reason
    usage = answer.usage
    assert usage.completion_tokens == 8 and usage.prompt_tokens > 8
    assert usage.total_tokens == usage.prompt_tokens + 8


@promise
def max_completion_tokens_is_max_tokens():
    answer = client.chat.completions.create(
        model=model, messages=messages, max_completion_tokens=5, temperature=0, extra_body=exact)
    assert answer.usage.completion_tokens == 5


@promise
def a_stream_is_the_same_text_in_pieces():
    whole = chat(max_tokens=24)
    events = list(chat(max_tokens=24, stream=True, stream_options={"include_usage": True}))
    text = "".join(e.choices[0].delta.content or "" for e in events if e.choices)
    assert text == whole.choices[0].message.content, (text, whole.choices[0].message.content)
    assert len({e.id for e in events}) == 1
    assert events[0].choices[0].delta.role == "assistant"
    finishes = [e.choices[0].finish_reason for e in events if e.choices]
    assert finishes[-1] == "length" and set(finishes[:-1]) == {None}, finishes
    assert events[-1].choices == [] and events[-1].usage.completion_tokens == 24
    assert events[-1].usage.prompt_tokens == whole.usage.prompt_tokens
    assert all(e.usage is None for e in events[:-1])


@promise
def a_stream_reports_no_usage_unasked():
    events = list(chat(stream=True))
    assert all(e.usage is None and e.choices for e in events)


@promise
def completes_text():
    answer = complete()
    assert answer.object == "text_completion" and answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 8
    streamed = "".join(e.choices[0].text for e in complete(stream=True))
    assert streamed == answer.choices[0].text


@promise
def completes_several_prompts_at_once():
    prompts = ["The answer is", "Once upon a time"]
    together = complete(prompt=prompts)
    assert [c.index for c in together.choices] == [0, 1]
    assert [c.text for c in together.choices] == [complete(prompt=p).choices[0].text for p in prompts]


@promise
def takes_token_ids_as_a_prompt():
    answer = complete(prompt=[5, 6, 7, 8])
    assert answer.usage.prompt_tokens == 4 and answer.usage.completion_tokens == 8


@promise
def reports_log_probabilities_of_a_chat():
    content = chat(logprobs=True, top_logprobs=3).choices[0].logprobs.content
    assert len(content) == 8
    for entry in content:
        assert len(entry.top_logprobs) == 3 and entry.logprob <= 0
        assert entry.top_logprobs[0].logprob == entry.logprob, "greedy picks the most likely"
        assert sorted((t.logprob for t in entry.top_logprobs), reverse=True) == [t.logprob for t in entry.top_logprobs]


@promise
def reports_log_probabilities_of_a_completion():
    logprobs = complete(logprobs=2).choices[0].logprobs
    assert len(logprobs.tokens) == len(logprobs.token_logprobs) == len(logprobs.top_logprobs) == 8
    assert all(value <= 0 for value in logprobs.token_logprobs)


@promise
def scores_a_prompt_as_evaluation_harnesses_do():
    said = complete(logprobs=1, extra_body={**exact, "return_token_ids": True}).choices[0]
    text = said.prompt_token_ids + said.token_ids
    scored = complete(prompt=text, echo=True, logprobs=1, max_tokens=0)
    own = scored.choices[0].logprobs
    assert scored.usage.completion_tokens == 0 and scored.choices[0].finish_reason == "length"
    assert own.token_logprobs[0] is None and own.top_logprobs[0] is None
    assert len(own.tokens) == len(own.text_offset) == len(text)
    assert own.token_logprobs[-8:] == said.logprobs.token_logprobs, "scored as it was said, to the bit"
    assert all(value == max(top.values()) for value, top in list(zip(own.token_logprobs, own.top_logprobs))[-8:])
    assert complete(prompt=text, echo=True, logprobs=1, max_tokens=1).choices[0].logprobs.tokens[:-1] == own.tokens


@promise
def answers_n_times():
    answer = chat(n=2, temperature=1, seed=7, max_tokens=24)
    assert [c.index for c in answer.choices] == [0, 1]
    assert answer.choices[0].message.content != answer.choices[1].message.content
    assert answer.usage.completion_tokens == 48


@promise
def the_same_seed_gives_the_same_text():
    one, two, other = (chat(temperature=1, seed=seed, max_tokens=24).choices[0].message.content for seed in (11, 11, 12))
    assert one == two != other


@promise
def stops_before_a_stop_string():
    full = complete(max_tokens=40).choices[0].text
    stop = next(full[i:i + 2] for i in range(2, len(full) - 1) if full[i:i + 2].isascii())
    expected = full[:full.index(stop)]
    answer = complete(max_tokens=40, stop=[stop])
    assert answer.choices[0].text == expected and answer.choices[0].finish_reason == "stop"
    streamed = list(complete(max_tokens=40, stop=stop, stream=True))
    assert "".join(e.choices[0].text for e in streamed) == expected, "no part of a stop string is sent"


@promise
def a_wrong_key_is_an_authentication_error():
    stranger = openai.OpenAI(base_url=base_url, api_key="wrong-key-of-nobody", max_retries=0)
    fails_with(openai.AuthenticationError, stranger.models.list, 401)
    fails_with(openai.AuthenticationError, lambda: stranger.chat.completions.create(model=model, messages=messages), 401)


@promise
def an_unknown_model_is_a_not_found_error():
    error = fails_with(openai.NotFoundError, lambda: chat(model="no-such-model"), 404)
    assert "no-such-model" in error.body["message"]


@promise
def wrong_parameters_are_bad_request_errors():
    error = fails_with(openai.BadRequestError, lambda: chat(temperature=-1), 400)
    assert "temperature" in error.body["message"], error.body
    fails_with(openai.BadRequestError, lambda: chat(messages=[]), 400)
    fails_with(openai.BadRequestError, lambda: chat(max_tokens=0), 400)
    fails_with(openai.BadRequestError, lambda: chat(messages=[{"role": "user", "content": "blue " * 200_000}]), 400)


@promise
def a_client_may_leave_in_mid_stream():
    stream = chat(max_tokens=150, stream=True)
    next(iter(stream))
    stream.close()
    assert chat().usage.completion_tokens == 8


@promise
def too_much_at_once_is_a_rate_limit_error():
    outcomes = []

    def ask():
        try:
            outcomes.append(chat(max_tokens=150).usage.completion_tokens)
        except openai.RateLimitError as error:
            assert int(error.response.headers["retry-after"]) >= 1
            outcomes.append("refused")

    threads = [threading.Thread(target=ask) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 24 and set(outcomes) == {150, "refused"}, outcomes
    assert chat().usage.completion_tokens == 8


@promise
def the_asynchronous_client_works_too():
    async def main():
        async with openai.AsyncOpenAI(base_url=base_url, api_key=api_key, max_retries=0) as remote:
            events = await remote.chat.completions.create(
                model=model, messages=messages, max_tokens=8, temperature=0, stream=True, extra_body=exact)
            return "".join([e.choices[0].delta.content or "" async for e in events])
    assert asyncio.run(main()) == chat().choices[0].message.content
