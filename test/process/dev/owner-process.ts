// Runs an embedded database for tests that kill its process. Prints the socket folder when the server is ready.
import { startEmbeddedPostgres } from '../../../src/dev/embedded-postgres.ts';

const [directory = ''] = process.argv.slice(2);
const postgres = await startEmbeddedPostgres({ directory, settings: { fsync: 'off' } });
process.on('SIGINT', async () => {
  await postgres.stop();
  process.exit(0);
});
console.log(postgres.connection.host);
setInterval(() => {}, 60_000);
