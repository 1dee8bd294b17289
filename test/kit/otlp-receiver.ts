import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { listenOnFreePort } from './free-ports.ts';
import { decodeExport } from './otlp-protobuf.ts';
import { waitUntil } from './workers.ts';

const Attributes = z
  .array(
    z.object({
      key: z.string(),
      value: z.object({
        stringValue: z.string().optional(),
        intValue: z.union([z.number(), z.string().transform(Number)]).optional(),
        doubleValue: z.number().optional(),
        boolValue: z.boolean().optional(),
        arrayValue: z.object({ values: z.array(z.object({ stringValue: z.string() })) }).optional(),
      }),
    }),
  )
  .default([])
  .transform((attributes) =>
    Object.fromEntries(
      attributes.map(({ key, value: { stringValue, intValue, doubleValue, boolValue, arrayValue } }) => [
        key,
        stringValue ??
          intValue ??
          doubleValue ??
          boolValue ??
          arrayValue?.values.map((item) => item.stringValue).join(','),
      ]),
    ),
  );

const Spans = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: Attributes }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              name: z.string(),
              kind: z.number(),
              attributes: Attributes,
              links: z.array(z.object({ traceId: z.string(), spanId: z.string() })).default([]),
              events: z.array(z.object({ name: z.string(), attributes: Attributes })).default([]),
              status: z.object({ code: z.number().optional() }).default({}),
            }),
          ),
        }),
      ),
    }),
  ),
});

type Spans = z.output<typeof Spans>;

/** A span that the receiver has decoded. */
export type ReceivedSpan = Spans['resourceSpans'][number]['scopeSpans'][number]['spans'][number] & {
  resource: Record<string, unknown>;
};

interface Export {
  type: string | undefined;
  body: Buffer;
}

const decoders: Record<string, (body: Buffer) => unknown> = {
  'application/json': (body) => JSON.parse(body.toString()),
  'application/x-protobuf': decodeExport,
};

function spansOf({ type = '', body }: Export): ReceivedSpan[] {
  const decode = decoders[type];
  if (!decode) throw new Error(`An export has the type ${type}.`);
  return Spans.parse(decode(body)).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, resource: resource.attributes }))),
  );
}

/**
 * Starts a collector that decodes the spans it receives by OTLP over HTTP, in protobuf or JSON.
 * @param ready it responds from then on; immediately by default.
 * @param tls its certificate and options; without it, the collector has no TLS.
 */
export async function startOtlpReceiver(ready: Promise<void> = Promise.resolve(), tls?: ServerOptions) {
  const exports: Export[] = [];
  const headers: Record<string, unknown>[] = [];
  const receive: RequestListener = async (request, response) => {
    const { 'content-type': type, 'content-encoding': encoding } = request.headers;
    headers.push({ ...request.headers, path: request.url });
    const body = await buffer(request);
    exports.push({ type, body: encoding === 'gzip' ? gunzipSync(body) : body });
    await ready;
    // An empty message in either format.
    response.setHeader('content-type', type ?? '').end(type === 'application/json' ? '{}' : '');
  };
  const server = tls ? createSecureServer(tls, receive) : createServer(receive);
  const port = await listenOnFreePort(server);
  const spans = () => exports.flatMap(spansOf);
  return {
    endpoint: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    /** The headers and the path of each export. */
    headers,
    /** What was received, without compression. */
    raw: () => Buffer.concat(exports.map(({ body }) => body)).toString('latin1'),
    spans,
    /** Waits until the spans of a trace satisfy a condition. @returns them. */
    async trace(traceId: string, isComplete: (spans: ReceivedSpan[]) => boolean): Promise<ReceivedSpan[]> {
      const ofTrace = () => spans().filter((span) => span.traceId === traceId);
      await waitUntil(async () => {
        if (!isComplete(ofTrace())) throw new Error(`Incomplete trace: ${JSON.stringify(ofTrace(), null, 1)}`);
      });
      return ofTrace();
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
