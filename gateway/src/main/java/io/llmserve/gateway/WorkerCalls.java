package io.llmserve.gateway;

import io.llmserve.core.HostPort;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.RequestOptions;

/// Sends a client's request to workers, with its headers.
record WorkerCalls(GatewayLoop loop, HttpServerRequest request, RequestHead head) {
    void send(PrefillHop hop, Buffer body) {
        hop.send(loop.client(), options(hop.worker(), hop.id(), head.uri()), body);
    }

    /// @param id the request's name at this worker
    /// @param uri what is asked of it
    void send(AnswerLeg leg, String id, String uri, Buffer body) {
        leg.send(loop.client(), options(leg.worker(), id, uri), body);
    }

    private RequestOptions options(HostPort worker, String id, String uri) {
        return new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setHost(worker.host())
                .setPort(worker.port())
                .setURI(uri)
                .setHeaders(ForwardedHeaders.toWorker(request.headers(), id, head.id()));
    }
}
