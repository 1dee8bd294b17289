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

/** The progress of a command. */
export interface ShownProgress {
  /** What a line shows, separated by commas. */
  parts: readonly string[];
  /** From 0 to 1; undefined if the end is unknown. */
  share: number | undefined;
  /** Undefined if it is unknown. */
  secondsLeft: number | undefined;
  /** What a line of `--json` shows in addition. */
  json: object;
}

/** Shows the progress of a command on standard error: as a bar on a terminal, otherwise as a line every ten seconds. */
export function openProgress(json: boolean) {
  const { stderr } = process;
  const isBar = stderr.isTTY === true && !json;
  let shownAt = isBar ? 0 : performance.now();
  return {
    /** @param describe called only if it is time for the next line. */
    show(describe: () => ShownProgress): void {
      const now = performance.now();
      if (now - shownAt < (isBar ? BAR_INTERVAL_MS : LINE_INTERVAL_MS)) return;
      shownAt = now;
      const progress = describe();
      if (isBar) stderr.write(`\r\u001b[K${formatBar(progress)}`);
      else stderr.write(`${json ? formatJson(progress) : formatLine(progress)}\n`);
    },
    end(): void {
      if (isBar) stderr.write('\r\u001b[K');
    },
  };
}

const formatJson = ({ json, share, secondsLeft }: ShownProgress) => JSON.stringify({ ...json, share, secondsLeft });

function formatLine({ parts, share, secondsLeft }: ShownProgress): string {
  const end = [
    ...(share === undefined ? [] : [`${Math.floor(share * 100)} %`]),
    ...(secondsLeft === undefined ? [] : [`${formatDuration(secondsLeft)} left`]),
  ];
  return [...parts, ...end].join(', ');
}

function formatBar(progress: ShownProgress): string {
  const { share } = progress;
  if (share === undefined) return formatLine(progress);
  const filled = Math.round(share * BAR_WIDTH);
  return `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${formatLine(progress)}`;
}

/** Shows the progress of an import. */
export function reportProgress({ bytesTotal, start, json }: ProgressOptions) {
  const shown = openProgress(json);
  const startedAt = performance.now();
  const describe = ({ recordsRead, rejected, bytesRead, written }: ImportProgress): ShownProgress => {
    const seconds = Math.max((performance.now() - startedAt) / 1000, 0.001);
    const perSecond = Math.round((recordsRead - start.recordsRead) / seconds);
    const speed = (bytesRead - start.bytesRead) / seconds;
    return {
      parts: [
        `${formatCount(recordsRead)} records`,
        `${formatCount(perSecond)}/s`,
        `${formatCount(rejected)} rejected`,
      ],
      share: bytesTotal ? Math.min(bytesRead / bytesTotal, 1) : undefined,
      secondsLeft: bytesTotal && speed > 0 ? Math.round(Math.max(bytesTotal - bytesRead, 0) / speed) : undefined,
      json: { recordsRead, rejected, perSecond, written },
    };
  };
  return { show: (progress: ImportProgress) => shown.show(() => describe(progress)), end: shown.end };
}

/** A number with separators of thousands. */
export const formatCount = (count: number) => count.toLocaleString('en-US');

export const formatRecords = (count: number) => `${formatCount(count)} ${count === 1 ? 'record' : 'records'}`;

/** `1 h 5 min`, `3 min 20 s` or `8 s`. */
export function formatDuration(seconds: number): string {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${rest} s` : `${rest} s`;
}
