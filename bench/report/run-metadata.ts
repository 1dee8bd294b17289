import { cpus } from 'node:os';

/** The date, the machine and the Node version of a run. */
export function runMetadata(): { date: string; machine: string; node: string } {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    machine: `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown processor'}`,
    node: process.version,
  };
}
