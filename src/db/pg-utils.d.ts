declare module 'pg/lib/utils.js' {
  /** Converts a value to what the driver sends: null, a text or bytes. */
  export function prepareValue(value: unknown): string | Buffer | null;
}
