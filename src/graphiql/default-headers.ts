/** A key that may be shown to anybody. */
export interface DemoKey {
  publicKey: string;
  secret: string;
}

/** The text of GraphiQL's header editor to begin with: the demo key's header, or one that says what belongs there. */
export function defaultHeaders(demoKey: DemoKey | undefined): string {
  const credentials = demoKey
    ? Buffer.from(`${demoKey.publicKey}:${demoKey.secret}`).toString('base64')
    : '<base64 of your public key, a colon and its secret>';
  return JSON.stringify({ Authorization: `Basic ${credentials}` }, undefined, 2);
}
