// Node.js: `node --import ./register.mjs app.js` loads engage-fetch.cjs wherever a module loads `cross-fetch`.
import { registerHooks } from 'node:module';

const url = new URL('engage-fetch.cjs', import.meta.url).href;

registerHooks({
  resolve: (specifier, context, nextResolve) =>
    specifier === 'cross-fetch' ? { url, format: 'commonjs', shortCircuit: true } : nextResolve(specifier, context),
});
