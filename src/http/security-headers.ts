/**
 * What every answer tells browsers, unless a page says otherwise of itself: that it is what its type says, that it is no
 * page, is shown in none and loaded by none of another origin, that nobody learns whence a link was followed, and that
 * nobody keeps it. `Strict-Transport-Security` is for whoever ends TLS: browsers ignore it in the clear.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};
