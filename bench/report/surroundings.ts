import { cpus } from 'node:os';

/** When and on what a run is made. */
export function surroundings(): { date: string; machine: string; node: string } {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    machine: `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown processor'}`,
    node: process.version,
  };
}
