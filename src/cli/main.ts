import { useDatabase } from './database.ts';
import { runCommand } from './run.ts';

// `print` reports failed writes. Without this listener, a closed pipe would end the process first.
process.stdout.on('error', () => {});
const code = await runCommand(process.argv.slice(2), useDatabase(process.env));
// A command that succeeds can have set another exit code.
if (code !== 0) process.exitCode = code;
