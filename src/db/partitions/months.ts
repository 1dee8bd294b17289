/** The start of the month of an instant, in UTC, moved by some months. */
export function startOfMonth(time: Date, months = 0): Date {
  return new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + months, 1));
}

/** The smallest UUID with this UUIDv7 timestamp: a bound of partitions. */
export function idBoundOf(time: Date): string {
  const hex = time.getTime().toString(16).padStart(12, '0').padEnd(32, '0');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The instant of a UUIDv7. */
export function instantOfId(id: string): Date {
  return new Date(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16));
}

/** The month of an instant as part of a name: `2026_11`. */
export const monthName = (time: Date) => time.toISOString().slice(0, 7).replace('-', '_');

/** An instant some months before another one. A day that the month does not have becomes its last one. */
export function monthsBefore(time: Date, months: number): Date {
  const lastDay = new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth() - months + 1, 0)).getUTCDate();
  const moved = new Date(time);
  moved.setUTCDate(1);
  moved.setUTCMonth(time.getUTCMonth() - months);
  moved.setUTCDate(Math.min(time.getUTCDate(), lastDay));
  return moved;
}
