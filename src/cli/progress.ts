import type { ImportProgress } from '../domain/transfer/import.ts';

/** How often in ms a bar is drawn, and a line is written. */
const BAR_INTERVAL_MS = 100;
const LINE_INTERVAL_MS = 10_000;

const BAR_WIDTH = 20;

/** Options of `reportProgress`. */
interface ProgressOptions {
  /** Size of the source in bytes; undefined if it is unknown. */
  bytesTotal: number | undefined;
  /** Number of records and bytes that an earlier run has read. */
  start: Pick<ImportProgress, 'recordsRead' | 'bytesRead'>;
  json: boolean;
}

/** Shows the progress of an import on standard error: as a bar on a terminal, otherwise as a line every ten seconds. */
export function reportProgress({ bytesTotal, start, json }: ProgressOptions) {
  const { stderr } = process;
  const isBar = stderr.isTTY === true && !json;
  const startedAt = performance.now();
  let shownAt = isBar ? 0 : startedAt;
  const describe = (progress: ImportProgress) => {
    const seconds = Math.max((performance.now() - startedAt) / 1000, 0.001);
    const { recordsRead, rejected, bytesRead } = progress;
    const perSecond = Math.round((recordsRead - start.recordsRead) / seconds);
    const share = bytesTotal ? Math.min(bytesRead / bytesTotal, 1) : undefined;
    const speed = (bytesRead - start.bytesRead) / seconds;
    const secondsLeft = bytesTotal && speed > 0 ? Math.round(Math.max(bytesTotal - bytesRead, 0) / speed) : undefined;
    return { recordsRead, rejected, perSecond, share, secondsLeft };
  };
  return {
    show(progress: ImportProgress): void {
      const now = performance.now();
      if (now - shownAt < (isBar ? BAR_INTERVAL_MS : LINE_INTERVAL_MS)) return;
      shownAt = now;
      const described = describe(progress);
      if (json) stderr.write(`${JSON.stringify({ ...described, written: progress.written })}\n`);
      else stderr.write(isBar ? `\r\u001b[K${formatBar(described)}` : `${formatLine(described)}\n`);
    },
    end(): void {
      if (isBar) stderr.write('\r\u001b[K');
    },
  };
}

interface Described {
  recordsRead: number;
  rejected: number;
  perSecond: number;
  share: number | undefined;
  secondsLeft: number | undefined;
}

/** A number with separators of thousands. */
export const formatCount = (count: number) => count.toLocaleString('en-US');

function formatLine({ recordsRead, rejected, perSecond, share, secondsLeft }: Described): string {
  const parts = [
    `${formatCount(recordsRead)} records`,
    `${formatCount(perSecond)}/s`,
    `${formatCount(rejected)} rejected`,
    ...(share === undefined ? [] : [`${Math.floor(share * 100)} %`]),
    ...(secondsLeft === undefined ? [] : [`${formatDuration(secondsLeft)} left`]),
  ];
  return parts.join(', ');
}

function formatBar(described: Described): string {
  const { share } = described;
  if (share === undefined) return formatLine(described);
  const filled = Math.round(share * BAR_WIDTH);
  return `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${formatLine(described)}`;
}

/** `1 h 5 min`, `3 min 20 s` or `8 s`. */
export function formatDuration(seconds: number): string {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${rest} s` : `${rest} s`;
}
