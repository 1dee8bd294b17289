/**
 * Default headers of every response: no content sniffing, no framing, no subresources, no use by other origins, no referrer and
 * no caching. Pages override some of them. `Strict-Transport-Security` belongs to the proxy that terminates TLS: browsers ignore
 * it over plain HTTP.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};
