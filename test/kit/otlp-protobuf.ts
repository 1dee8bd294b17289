import protobuf from 'protobufjs';
import { z } from 'zod';

/** The part of the protocol that tests read: opentelemetry/proto/{collector/trace,trace,resource,common}/v1, version 1.10. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span {
    bytes trace_id = 1;
    bytes span_id = 2;
    bytes parent_span_id = 4;
    string name = 5;
    int32 kind = 6;
    fixed64 start_time_unix_nano = 7;
    fixed64 end_time_unix_nano = 8;
    repeated KeyValue attributes = 9;
    repeated Event events = 11;
    repeated Link links = 13;
    Status status = 15;
  }
  message Event { string name = 2; repeated KeyValue attributes = 3; }
  message Link { bytes trace_id = 1; bytes span_id = 2; repeated KeyValue attributes = 4; }
  message Status { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message ArrayValue { repeated AnyValue values = 1; }
  message AnyValue {
    oneof value {
      string string_value = 1;
      bool bool_value = 2;
      int64 int_value = 3;
      double double_value = 4;
      ArrayValue array_value = 5;
    }
  }`);
const request = root.lookupType('ExportTraceServiceRequest');

const isId = (key: string) => /^(trace|span|parentSpan)Id$/.test(key);

/** Decodes an export. @returns what the same export in JSON contains: ids are hexadecimal, 64-bit integers strings. */
export function decodeExport(body: Buffer): unknown {
  const message = request.toObject(request.decode(body), { bytes: String, longs: String });
  const text = JSON.stringify(message, (key, value: unknown) =>
    isId(key) ? Buffer.from(z.string().parse(value), 'base64').toString('hex') : value,
  );
  return JSON.parse(text);
}
