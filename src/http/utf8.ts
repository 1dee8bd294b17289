const decoder = new TextDecoder('utf-8', { fatal: true });

/** A body that is not UTF-8. */
class EncodingError extends Error {
  readonly statusCode = 400;

  constructor() {
    super('The body is not valid UTF-8.');
  }
}

/** Fastify's content parser for text: refuses bytes that are no UTF-8, which others would replace unnoticed. */
export function decodeUtf8(
  _request: unknown,
  body: string | Buffer,
  done: (error: Error | null, text?: string) => void,
): void {
  try {
    done(null, typeof body === 'string' ? body : decoder.decode(body));
  } catch {
    done(new EncodingError());
  }
}
