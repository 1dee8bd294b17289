const query = '{ users(first: 3) { totalCount nodes { uid firstName email devices { platform } } } }';

/** The text printed on startup with the embedded database: the address, the demo key, and a command to paste. */
export function startupBanner(
  address: string,
  { publicKey, secret }: { publicKey: string; secret: string },
  hasGraphiql: boolean,
): string {
  return `
  usergraph is ready

    ${hasGraphiql ? 'GraphiQL' : 'GraphQL '}     ${address}/graphql
    public key   ${publicKey}
    secret       ${secret}

  Try it:

    curl -s ${address}/graphql -u ${publicKey}:${secret} -H 'content-type: application/json' -d '${JSON.stringify({ query })}'
`;
}
