import type { Start } from './gateway-process.ts';

/** Starts a gateway that writes the URL of each module of OpenTelemetry that it loads to its standard error. */
export const reportingModules: Start = {
  command: [
    process.execPath,
    '--import',
    `data:text/javascript,${encodeURIComponent(`
      import { registerHooks } from 'node:module';
      registerHooks({
        load(url, context, next) {
          if (url.includes('@opentelemetry')) process.stderr.write('loads ' + url + '\\n');
          return next(url, context);
        },
      });`)}`,
    'src/main.ts',
  ],
};
