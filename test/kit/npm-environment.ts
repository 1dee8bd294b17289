import { delimiter, dirname } from 'node:path';

/** The environment of `npm ci` in another folder, with this Node.js. */
export function npmEnvironment(): Record<string, string> {
  const { HOME = '', NODE_EXTRA_CA_CERTS = '', npm_config_registry } = process.env;
  const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => !/node_modules|node-gyp/.test(entry));
  return {
    HOME,
    NODE_EXTRA_CA_CERTS,
    PATH: [dirname(process.execPath), ...path].join(delimiter),
    // The lock file has no addresses of packages. Without this, npm asks the registry for each, although all are in its cache.
    npm_config_prefer_offline: 'true',
    ...(npm_config_registry ? { npm_config_registry } : {}),
  };
}
