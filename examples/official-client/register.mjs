// Node.js 24: `node --import ./register.mjs app.js` loads engage-fetch.cjs wherever a module loads `cross-fetch`.
import module from 'node:module';

if (!module.registerHooks) throw new Error(`register.mjs requires Node.js 24; got ${process.versions.node}.`);

const url = new URL('engage-fetch.cjs', import.meta.url).href;

module.registerHooks({
  resolve: (specifier, context, nextResolve) =>
    specifier === 'cross-fetch' ? { url, format: 'commonjs', shortCircuit: true } : nextResolve(specifier, context),
});
