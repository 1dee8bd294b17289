/** When the first user of the fill was made; everything of it lies within the year that follows. */
export const FILL_START = Date.UTC(2025, 0, 1);

/** No row of the fill is as new as this; what a run writes is newer. */
export const FILL_END = Date.UTC(2026, 0, 1);

/** SQL: a UUIDv7-like id of an expression in ms and one that tells rows of the same ms apart. */
export function idSql(ms: string, number: string): string {
  return `(lpad(to_hex(${ms}), 12, '0') || '7' || lpad(to_hex(${number} & 4095), 3, '0') ||
    '8' || left(md5((${number})::text), 15))::uuid`;
}

/** The smallest UUIDv7 of a ms. */
export function firstIdOf(ms: number): string {
  return `${ms.toString(16).padStart(12, '0')}70008000000000000000`.replace(
    /^(.{8})(.{4})(.{4})(.{4})(.{12})$/,
    '$1-$2-$3-$4-$5',
  );
}
