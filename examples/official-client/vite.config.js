import { fileURLToPath } from 'node:url';

export default {
  resolve: { alias: { 'cross-fetch': fileURLToPath(new URL('engage-fetch.cjs', import.meta.url)) } },
  define: { 'process.env.USERGRAPH_URL': JSON.stringify(process.env.USERGRAPH_URL) },
  // Only for server-side rendering: the bundle must contain the client, so that the alias applies to it.
  ssr: { noExternal: true },
};
