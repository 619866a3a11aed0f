package io.llmserve.gateway;

import io.llmserve.routing.PromptChunks;
import io.llmserve.wire.JsonMember;
import java.util.List;

/// What a router sees of a request that it might split, without tokenising it.
///
/// @param members the fields of the body
/// @param chunks of the messages, or the prompt, as they stand in the body
/// @param mayPart one prompt, not a list of several
record PromptParts(List<JsonMember> members, PromptChunks chunks, boolean mayPart) {
    static final PromptParts UNREAD = new PromptParts(List.of(), PromptChunks.NONE, false);

    static PromptParts of(HopBodies bodies, Tenant tenant) {
        Route route = bodies.route();
        byte[] body = bodies.bytes();
        List<JsonMember> members = JsonMember.all(body);
        for (JsonMember member : members) {
            if (member.name().equals(route.promptField())) {
                PromptChunks chunks = PromptChunks.of(body, member.valueStart(), member.end(), tenant.cacheSalt());
                return new PromptParts(members, chunks, route != Route.COMPLETIONS || isSingle(body, member));
            }
        }
        return UNREAD;
    }

    /// A text, or a list of token ids.
    private static boolean isSingle(byte[] body, JsonMember prompt) {
        int at = prompt.valueStart();
        if (body[at] != '[') {
            return body[at] == '"';
        }
        do {
            at++;
        } while (body[at] <= ' ');
        return body[at] >= '0' && body[at] <= '9';
    }
}
