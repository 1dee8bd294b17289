/** Collects numbered parameters, which PHP sends for an array: `lists[0]` and `lists[1]` become `lists[]`. */
export function withArrays(query: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(query).map(([name, value]) => ({ name: name.replace(/\[\d+\]$/, '[]'), value }));
  const byName = Map.groupBy(entries, ({ name }) => name);
  return Object.fromEntries(
    [...byName].map(([name, [first, ...others]]) => [
      name,
      others.length === 0 ? first?.value : [first, ...others].flatMap((each) => each?.value ?? []),
    ]),
  );
}
