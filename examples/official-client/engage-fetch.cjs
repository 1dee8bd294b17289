// In place of the module `cross-fetch` that @engage_so/js calls: sends requests to usergraph instead of the address in the
// client's code.

const PLATFORM_URL = 'https://api.engage.so/v1';

// A bundler replaces this expression; see vite.config.js.
const address = process.env.USERGRAPH_URL;

// When this file is loaded: the client hides the errors of a request.
if (!address) throw new Error('Set USERGRAPH_URL, such as https://usergraph.example.com/v1.');

const USERGRAPH_URL = address.replace(/\/+$/, '');

const originalFetch = globalThis.fetch;

module.exports = (url, options) =>
  originalFetch(url.startsWith(PLATFORM_URL) ? USERGRAPH_URL + url.slice(PLATFORM_URL.length) : url, options);
