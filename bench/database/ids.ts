/** Creation time of the first user of the fill. All rows of the fill are created within the following year. */
export const FILL_START = Date.UTC(2025, 0, 1);

/** All rows of the fill are older; all rows written by a benchmark are newer. */
export const FILL_END = Date.UTC(2026, 0, 1);

/** SQL for an id in the format of UUIDv7, from a time in ms and a number that is unique within that ms. */
export function idSql(ms: string, number: string): string {
  return `(lpad(to_hex(${ms}), 12, '0') || '7' || lpad(to_hex(${number} & 4095), 3, '0') ||
    '8' || left(md5((${number})::text), 15))::uuid`;
}

/** The smallest UUIDv7 of a time in ms. */
export function firstIdOf(ms: number): string {
  return `${ms.toString(16).padStart(12, '0')}70008000000000000000`.replace(
    /^(.{8})(.{4})(.{4})(.{4})(.{12})$/,
    '$1-$2-$3-$4-$5',
  );
}
