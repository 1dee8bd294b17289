import { operations } from '../operations.ts';
import type { FigureRow, Figures } from './figures.ts';

const WIDTH = 760;
/** Horizontal position of the bars. */
const BAR_X = 140;
/** Length of the floor's bar, unless a longer bar would exceed the maximum. */
const FLOOR_LENGTH = 420;
const MAX_BAR_LENGTH = 496;
const BAR_HEIGHT = 16;
const BAR_GAP = 4;
const TITLE_HEIGHT = 26;
const GROUP_GAP = 14;

/** Bar colors by server, with sufficient contrast in light and dark mode. */
const COLORS: Readonly<Record<string, string>> = {
  usergraph: '#2f81f7',
  floor: '#8b949e',
  fastify: '#57ab5a',
  mercurius: '#b083f0',
  'mercurius-checked': '#8256d0',
  postgraphile: '#d29922',
  tutorial: '#db61a2',
};

const STYLE = `text { font: 12px system-ui, sans-serif; fill: #1f2328 }
    .title { font-weight: 600; font-size: 13px }
    .axis { stroke: #1f2328; stroke-opacity: .25 }
    @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .axis { stroke: #e6edf3 } }`;

/** The number of connections that the chart shows. */
const CHART_CONNECTIONS = 20;

/**
 * Draws an SVG bar chart of requests per second of CPU time as a share of the floor's, grouped by operation. A vertical line marks the floor's
 * share, which is 1. If a bar would exceed the maximum length, its group uses a smaller scale.
 */
export function chart(figures: Figures): string {
  const parts: string[] = [];
  let y = GROUP_GAP;
  for (const { name, title } of operations) {
    const rows = figures.rows.filter(
      ({ operation, connections }) => operation === name && connections === CHART_CONNECTIONS,
    );
    // Without the floor, there is nothing to compare with.
    if (!rows.some(({ contestant }) => contestant === 'floor')) continue;
    parts.push(`<text class="title" x="0" y="${y + 13}">${escapeXml(title)}</text>`);
    y += TITLE_HEIGHT;
    const top = y;
    const maxShare = Math.max(...rows.map(shareOf));
    const unit = Math.min(FLOOR_LENGTH, MAX_BAR_LENGTH / maxShare);
    for (const row of rows) {
      parts.push(bar(row, y, unit));
      y += BAR_HEIGHT + BAR_GAP;
    }
    parts.push(
      `<path class="axis" d="M${BAR_X} ${top - BAR_GAP}V${y}M${BAR_X + Math.round(unit)} ${top - BAR_GAP}V${y}"/>`,
    );
    y += GROUP_GAP;
  }
  const label = 'Requests per second of CPU time of each server as a share of the floor’s';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-label="${label}">
  <style>
    ${STYLE}
  </style>
  ${parts.join('\n  ')}
</svg>
`;
}

/** @param unit length of a bar whose share is 1. */
function bar(row: FigureRow, y: number, unit: number): string {
  const share = shareOf(row);
  const length = Math.max(1, Math.round(unit * share));
  const baseline = y + BAR_HEIGHT - 4;
  const text = `${share.toFixed(2)} · ${row.cpu.median.toFixed(3)} ms`;
  return [
    `<text x="${BAR_X - 8}" y="${baseline}" text-anchor="end">${escapeXml(row.contestant)}</text>`,
    `<rect x="${BAR_X}" y="${y}" width="${length}" height="${BAR_HEIGHT}" rx="2" fill="${COLORS[row.contestant] ?? '#8b949e'}"/>`,
    `<text x="${BAR_X + length + 6}" y="${baseline}">${text}</text>`,
  ].join('');
}

/** Of the floor's requests per second of CPU time. 0 for an operation that the floor does not support. */
function shareOf({ contestant, cheaperThan }: FigureRow): number {
  return contestant === 'floor' ? 1 : (cheaperThan.floor?.median ?? 0);
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
