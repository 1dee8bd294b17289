import { markdownTable } from '../report/markdown-table.ts';
import { runMetadata } from '../report/run-metadata.ts';
import type { Measured, Result, Timing } from './measure.ts';

/** How much longer than the first page a page far in may take, and what is fast enough in any case, in ms. */
const MAX_FAR_RATIO = 1.3;
const FAST_PAGE = 50;
/** The least share of the speed of hand-written SQL; differences below `NOISE_MS` do not count. */
const MIN_SHARE = 0.8;
const NOISE_MS = 0.3;

/** The content of the `--json` file. */
export function filterFigures(results: readonly Result[], users: number) {
  return {
    ...runMetadata(),
    users,
    rows: results.map(({ question: { name, target }, first, far }) => ({ name, target, first, far })),
  };
}

/** Formats a table of all questions; ✗ marks what misses its target. */
export function filterText({ rows }: ReturnType<typeof filterFigures>): string {
  const header = ['', 'p50', 'p95', 'target', 'far p50', 'p95', 'SQL p50', 'far', '× SQL', 'far'];
  const body = rows.map(({ name, target, first, far }) => [
    name,
    cell(first.product, 'p50', true),
    cell(first.product, 'p95', first.product.p95 <= target),
    `${target}`,
    cell(far.product, 'p50', true),
    cell(far.product, 'p95', far.product.p95 <= Math.max(FAST_PAGE, first.product.p95 * MAX_FAR_RATIO)),
    cell(first.handWritten, 'p50', true),
    cell(far.handWritten, 'p50', true),
    share(first),
    share(far),
  ]);
  return `${markdownTable([header, ...body])}\n\nIn ms, for pages of 30 users; × SQL: the speed as a share of that of hand-written SQL.`;
}

function cell(timing: Timing, percentile: 'p50' | 'p95', isMet: boolean): string {
  return `${timing.error ? '> ' : ''}${timing[percentile].toFixed(1)}${isMet ? '' : ' ✗'}`;
}

function share({ product, handWritten }: Measured): string {
  const ratio = handWritten.p50 / product.p50;
  const isMet = ratio >= MIN_SHARE || product.p50 - handWritten.p50 < NOISE_MS;
  return `${ratio.toFixed(2)}${isMet ? '' : ' ✗'}`;
}
