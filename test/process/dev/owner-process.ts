// A process that owns an embedded database, for the tests to kill: says it is ready, then waits.
import { startEmbeddedPostgres } from '../../../src/dev/embedded-postgres.ts';

const [directory = ''] = process.argv.slice(2);
const postgres = await startEmbeddedPostgres({ directory, settings: { fsync: 'off' } });
process.on('SIGINT', async () => {
  await postgres.stop();
  process.exit(0);
});
console.log(postgres.connection.host);
setInterval(() => {}, 60_000);
