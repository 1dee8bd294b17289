import type { Choices } from './choices.ts';

/** Generates the bytes of one or several HTTP requests, most of them malformed, for one connection. */
export function generateRequest(choices: Choices, authorization: string): Buffer {
  const { percent, below } = choices;
  const requests = Array.from({ length: percent(80) ? 1 : 1 + below(4) }, () => generateOne(choices, authorization));
  let bytes: Buffer = Buffer.concat(requests);
  for (let time = 0; time < 3 && percent(30); time += 1) bytes = corrupt(bytes, choices);
  // An incomplete request is closed by the arrival limits, which other tests cover.
  return percent(90) ? bytes : bytes.subarray(0, 1 + below(bytes.length));
}

function generateOne({ percent, below, of }: Choices, authorization: string): Buffer {
  const method = percent(70)
    ? of(['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'])
    : of(['PATCH', 'TRACE', 'CONNECT', 'get', 'GE T', '', 'PROPFIND', 'POST\t', '\u0000', 'QUERY', 'PRI']);
  const path = percent(60)
    ? of([
        '/graphql',
        '/graphql?query={__typename}',
        '/v1/users',
        '/v1/users/u1',
        '/v1/users/u1/events',
        '/users?limit=3',
        '/health/live',
        '/v1/docs',
        '/v1/openapi.json',
      ])
    : of([
        '*',
        '/%zz',
        '/graphql?query=%',
        '//',
        '/../../etc/passwd',
        'http://a:b@c/graphql',
        '/graphql?variables={',
        `/${'x'.repeat(below(20_000))}`,
        '/v1/users/%00',
        '/v1/users/%F0%28',
        '/a b',
        '',
        '\u00ff',
        '/graphql#x',
        '/v1/users?limit=99999999999999999999',
        '/v1/users?next_cursor=%ff',
        '?',
      ]);
  const version = percent(90)
    ? 'HTTP/1.1'
    : of(['HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/1.10', 'http/1.1', '', 'HTTP', 'HTTP/1.1 x']);
  const body = of([
    '',
    '{}',
    '{"query":"{ __typename }"}',
    '{"query":"{ viewer { keyId } }"',
    '[]',
    'null',
    '"x"',
    '{"uid":"fuzz","meta":{"a":1}}',
    '{"first_name":"\\ud800"}',
    '\u00ff\u00fe\u0000',
    '{"query":1}',
    'x'.repeat(below(3_000)),
    `{"query":"${'{a'.repeat(below(500))}"}`,
    '{"__proto__":{"x":1},"query":"{ __typename }"}',
  ]);
  const headers = [
    ...(percent(95) ? ['Host: a'] : of([['Host: a', 'Host: b'], ['Host:'], []])),
    ...(percent(85)
      ? [`Authorization: ${authorization}`]
      : of([
          [],
          ['Authorization: Basic'],
          ['Authorization: Basic ////'],
          ['Authorization: Bearer x.y.z'],
          ['Authorization: Basic Og=='],
          [`Authorization: ${'x'.repeat(9_000)}`],
          ['Authorization: Basic \u00ff'],
        ])),
    ...(percent(80)
      ? ['Content-Type: application/json']
      : of([
          [],
          ['Content-Type:'],
          ['Content-Type: application/json; charset=utf-16'],
          ['Content-Type: text/plain'],
          ['Content-Type: multipart/form-data; boundary=x'],
          ['Content-Type: application/json', 'Content-Type: text/html'],
          ['Content-Type: ;;;'],
        ])),
    ...(percent(70)
      ? [`Content-Length: ${Buffer.byteLength(body, 'latin1')}`]
      : of([
          [],
          ['Content-Length: -1'],
          ['Content-Length: 99999999999999999999'],
          ['Content-Length: 0x10'],
          ['Content-Length: 5', 'Content-Length: 6'],
          [`Content-Length: ${body.length + below(50)}`],
          [`Content-Length: ${below(body.length + 1)}`],
          ['Transfer-Encoding: chunked'],
          ['Transfer-Encoding: gzip, chunked'],
          ['Transfer-Encoding: chunked', 'Content-Length: 3'],
          ['Transfer-Encoding: identity'],
          ['Transfer-Encoding: xchunked'],
          ['Content-Length: 1000000000'],
        ])),
    ...(percent(75)
      ? []
      : of([
          ['Content-Encoding: gzip'],
          ['Expect: 100-continue'],
          ['Expect: x'],
          ['Accept: */*;q=x'],
          ['Accept: text/html'],
          ['Accept: application/graphql-response+json'],
          ['Upgrade: websocket', 'Connection: Upgrade'],
          ['Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: x'],
          ['Connection: close'],
          ['X-Request-Id: \u0001'],
          ['Origin: null'],
          ['Range: bytes=0-'],
          ['nocolon'],
          [' folded'],
          [': empty'],
          ['A\u0000: b'],
          ['A: b\rC: d'],
          ['Cookie: a=b'],
          ['apollo-federation-include-trace: ftv1'],
          [`X: ${'x'.repeat(below(40_000))}`],
          Array.from({ length: below(3_000) }, (_, place) => `X${place}: 1`),
          ['If-None-Match: *'],
          ['Accept-Version: 2'],
          ['X-HTTP-Method-Override: DELETE'],
          ['Forwarded: for=x'],
          ['Keep-Alive: timeout=x'],
        ])),
  ];
  const end = percent(95) ? '\r\n' : of(['\n', '\r', '\r\n\r\n', '\n\r']);
  const isChunked = headers.some((header) => /chunked/.test(header)) && percent(70);
  const payload = isChunked
    ? of([
        `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
        `${body.length.toString(16)};x=y\r\n${body}\r\n0\r\nT: 1\r\n\r\n`,
        'zz\r\nx\r\n',
        '-1\r\n',
        'ffffffffffffffffff\r\nx',
        `5\r\n${body}\r\n`,
        '0\r\n',
      ])
    : body;
  return Buffer.from(`${method} ${path} ${version}${end}${headers.join(end)}${end}${end}${payload}`, 'latin1');
}

/** Changes, removes, repeats or inserts some bytes. */
function corrupt(bytes: Buffer, { below, of }: Choices): Buffer {
  const at = below(bytes.length + 1);
  const length = below(16);
  const [before, within, after] = [bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at + length)];
  return of([
    () => Buffer.concat([before, Buffer.from(within.map((byte) => byte ^ (1 << below(8)))), after]),
    () => Buffer.concat([before, after]),
    () => Buffer.concat([before, within, within, within, after]),
    () => Buffer.concat([before, Buffer.from(Array.from({ length: below(8) }, () => below(256))), within, after]),
  ])();
}
