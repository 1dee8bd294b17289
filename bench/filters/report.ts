import { markdownTable } from '../report/markdown-table.ts';
import { runMetadata } from '../report/run-metadata.ts';
import type { Measured, Result } from './measure.ts';
import type { Timing } from './time.ts';

/** How much longer than the first page a page far in may take, and what is fast enough in any case, in ms. */
const MAX_FAR_RATIO = 1.3;
const FAST_PAGE = 50;
/** The least share of the speed of hand-written SQL; differences below `NOISE_MS` do not count. */
const MIN_SHARE = 0.8;
const NOISE_MS = 0.3;
/** The least speed as a multiple of PostGraphile's. */
const MIN_PEER_RATIO = 1.5;

/** What was measured besides the questions. */
interface Run {
  users: number;
  /** The indexes that filters could use. */
  indexes: readonly string[];
}

/** The content of the `--json` file. */
export function filterFigures(results: readonly Result[], run: Run) {
  return {
    ...runMetadata(),
    ...run,
    rows: results.map(({ question: { name, target }, first, far, peer }) => ({ name, target, first, far, peer })),
  };
}

/** Formats a table of all questions; ✗ marks what misses its target. */
export function filterText({ rows, indexes }: ReturnType<typeof filterFigures>): string {
  const header = [
    '',
    'p50',
    'p95',
    'target',
    'far p50',
    'p95',
    'SQL p50',
    'far',
    '× SQL',
    'far',
    'HTTP p50',
    'p95',
    'PostGraphile p50',
    'p95',
    '× PostGraphile',
  ];
  const body = rows.map(({ name, target, first, far, peer }) => [
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
    ...(peer
      ? [
          cell(peer.usergraph, 'p50', true),
          cell(peer.usergraph, 'p95', true),
          cell(peer.postgraphile, 'p50', true),
          cell(peer.postgraphile, 'p95', true),
          ratio(peer.usergraph, peer.postgraphile),
        ]
      : ['-', '-', '-', '-', '-']),
  ]);
  return `${markdownTable([header, ...body])}

In ms, for pages of 30 users, with the indexes ${indexes.join(', ')}. × SQL: the speed as a share of that of hand-written SQL.
HTTP and PostGraphile: the first page by GraphQL over one connection; - where PostGraphile cannot express the question.`;
}

function cell(timing: Timing, percentile: 'p50' | 'p95', isMet: boolean): string {
  return `${timing.error ? '> ' : ''}${timing[percentile].toFixed(1)}${isMet ? '' : ' ✗'}`;
}

function share({ product, handWritten }: Measured): string {
  const ratioOfSpeeds = handWritten.p50 / product.p50;
  const isMet = ratioOfSpeeds >= MIN_SHARE || product.p50 - handWritten.p50 < NOISE_MS;
  return `${ratioOfSpeeds.toFixed(2)}${isMet ? '' : ' ✗'}`;
}

function ratio(usergraph: Timing, postgraphile: Timing): string {
  const ratioOfSpeeds = postgraphile.p50 / usergraph.p50;
  return `${postgraphile.error ? '> ' : ''}${ratioOfSpeeds.toFixed(1)}${ratioOfSpeeds >= MIN_PEER_RATIO ? '' : ' ✗'}`;
}
