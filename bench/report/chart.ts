import { questions } from '../questions.ts';
import { type FigureRow, type Figures, ratio } from './figures.ts';

const WIDTH = 760;
/** Where the bars begin, how long one as fast as the floor is, and how long the longest may be. */
const LEFT = 120;
const FLOOR = 430;
const LONGEST = 516;
const BAR = 16;
const GAP = 4;
const TITLE = 26;
const BETWEEN = 14;

/** Colours that stand out on white as on black, one for each contestant. */
const COLOURS: Readonly<Record<string, string>> = {
  usergraph: '#2f81f7',
  floor: '#8b949e',
  postgraphile: '#d29922',
  tutorial: '#db61a2',
};

const STYLE = `text { font: 12px system-ui, sans-serif; fill: #1f2328 }
    .title { font-weight: 600; font-size: 13px }
    .axis { stroke: #1f2328; stroke-opacity: .25 }
    @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .axis { stroke: #e6edf3 } }`;

/**
 * A bar chart in SVG: requests/s of all contestants as shares of the floor's, question by question. The line is at the floor's;
 * where a bar would be too long, all of its question are shortened alike.
 */
export function chart(figures: Figures): string {
  const parts: string[] = [];
  let y = BETWEEN;
  for (const { name, title } of questions) {
    const rows = figures.rows.filter(({ question }) => question === name);
    if (rows.length === 0) continue;
    parts.push(`<text class="title" x="0" y="${y + 13}">${escaped(title)}</text>`);
    y += TITLE;
    const top = y;
    const longest = Math.max(...rows.map((row) => ratio(figures, row, 'floor') ?? 0));
    const unit = Math.min(FLOOR, LONGEST / longest);
    for (const row of rows) {
      parts.push(bar(figures, row, y, unit));
      y += BAR + GAP;
    }
    parts.push(`<path class="axis" d="M${LEFT} ${top - GAP}V${y}M${LEFT + Math.round(unit)} ${top - GAP}V${y}"/>`);
    y += BETWEEN;
  }
  const label = 'Requests per second of each contestant as a share of the floor’s';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-label="${label}">
  <style>
    ${STYLE}
  </style>
  ${parts.join('\n  ')}
</svg>
`;
}

/** @param unit the length of 1. */
function bar(figures: Figures, row: FigureRow, y: number, unit: number): string {
  const share = ratio(figures, row, 'floor') ?? 0;
  const length = Math.max(1, Math.round(unit * share));
  const baseline = y + BAR - 4;
  const text = `${share.toFixed(2)} · ${Math.round(row.requestsPerSecond.median).toLocaleString('en')}/s`;
  return [
    `<text x="${LEFT - 8}" y="${baseline}" text-anchor="end">${escaped(row.contestant)}</text>`,
    `<rect x="${LEFT}" y="${y}" width="${length}" height="${BAR}" rx="2" fill="${COLOURS[row.contestant] ?? '#8b949e'}"/>`,
    `<text x="${LEFT + length + 6}" y="${baseline}">${text}</text>`,
  ].join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
