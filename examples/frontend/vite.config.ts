import babel from '@rolldown/plugin-babel';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const { USERGRAPH_URL = 'http://127.0.0.1:4000', USERGRAPH_KEY = 'pk_demo:sk_demo' } = process.env;

// Vite forwards /graphql to the gateway and adds the key, which never reaches the browser. Use this for development only: it
// gives everyone who can open the page the rights of the key. See README.md for production.
const proxy = {
  '/graphql': { target: USERGRAPH_URL, headers: { authorization: `Basic ${btoa(USERGRAPH_KEY)}` } },
};

export default defineConfig({
  // Babel only replaces `graphql` tags with imports of what relay-compiler has generated.
  plugins: [babel({ plugins: ['relay'] }), react()],
  server: { host: '127.0.0.1', proxy },
  preview: { host: '127.0.0.1', proxy },
});
