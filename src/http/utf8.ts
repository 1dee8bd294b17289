const decoder = new TextDecoder('utf-8', { fatal: true });

/** A body that is not UTF-8. */
class EncodingError extends Error {
  readonly statusCode = 400;

  constructor() {
    super('The body is not valid UTF-8.');
  }
}

/** A body whose `Content-Type` names another charset than UTF-8, the only one of JSON (RFC 8259, 8.1). */
export class CharsetError extends Error {
  readonly statusCode = 415;

  constructor(charset: string) {
    super(`The charset must be UTF-8; got "${charset.slice(0, 100)}".`);
  }
}

/** Fastify's content parser for text: rejects other charsets than UTF-8, and bytes that are no UTF-8, which others would replace unnoticed. */
export function decodeUtf8(
  { headers }: { headers: { 'content-type'?: string | undefined } },
  body: string | Buffer,
  done: (error: Error | null, text?: string) => void,
): void {
  const charset = body.length === 0 ? undefined : charsetBesideUtf8(headers['content-type']);
  if (charset !== undefined) {
    done(new CharsetError(charset));
    return;
  }
  try {
    done(null, typeof body === 'string' ? body : decoder.decode(body));
  } catch {
    done(new EncodingError());
  }
}

/** A parameter of a media type (RFC 9110, 5.6.6), with white space around `=`, which some clients send. */
const PARAMETER = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g;

/** The first charset that a content type names beside UTF-8; undefined where there is none. */
function charsetBesideUtf8(contentType = ''): string | undefined {
  if (!/charset/i.test(contentType)) return undefined;
  const charsets = [...contentType.matchAll(PARAMETER)]
    .filter(([, name]) => name?.toLowerCase() === 'charset')
    .map(([, , quoted, plain = '']) => quoted?.replaceAll(/\\(.)/g, '$1') ?? plain);
  return charsets.find((charset) => !/^utf-?8$/i.test(charset));
}
