import type { DatabaseClient } from '../../src/db/client.ts';

/**
 * All rows of all tables of a database as text, by the name of the table: what a dump contains, and unlogged tables. The rows of
 * partitions are those of their table.
 */
export async function databaseText(db: DatabaseClient): Promise<Map<string, string>> {
  const tables = await db.$queryRaw<{ name: string }[]>`
    SELECT relname::text AS name FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1`;
  const texts = new Map<string, string>();
  for (const { name } of tables) {
    const rows = await db.$queryRawUnsafe<{ row: string }[]>(`SELECT t::text AS row FROM "${name}" AS t`);
    texts.set(name, rows.map(({ row }) => row).join('\n'));
  }
  return texts;
}

/** A text without differences of case and accents. */
const fold = (text: string) => text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();

/** The forms in which a text may be stored: folded, as hexadecimal digits, and in base64 at each of its three alignments. */
function formsOf(text: string): string[] {
  const forms = [text, text.toLowerCase()].flatMap((each) => {
    const bytes = Buffer.from(each);
    const base64 = [0, 1, 2].map((offset) => {
      const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
        .toString('base64')
        .replaceAll('=', '');
      // The first and the last character also depend on what surrounds the text.
      return encoded.slice(Math.ceil((offset * 4) / 3), -1);
    });
    return [bytes.toString('hex'), ...base64];
  });
  return [fold(text), ...forms.map((form) => form.toLowerCase())];
}

/** The texts that are found in a database or a log, each with the names of the tables. */
export function findTexts(within: ReadonlyMap<string, string>, texts: readonly string[]): Record<string, string[]> {
  const folded = [...within].map(([name, content]) => [name, fold(content)] as const);
  const found = texts.map((text): [string, string[]] => {
    const forms = formsOf(text);
    const tables = folded.filter(([, content]) => forms.some((form) => content.includes(form)));
    return [text, tables.map(([name]) => name)];
  });
  return Object.fromEntries(found.filter(([, tables]) => tables.length > 0));
}
