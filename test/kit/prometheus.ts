/** One line of the text format of Prometheus. */
export interface Sample {
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** What a scrape returned. */
export class Scrape {
  readonly samples: readonly Sample[];

  constructor(text: string) {
    this.samples = text.split('\n').flatMap((line) => (line === '' || line.startsWith('#') ? [] : parseLine(line)));
  }

  /** The sum of the samples of a metric whose labels include these. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const matching = this.samples.filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
    return matching.reduce((total, { value }) => total + value, 0);
  }

  /** Each series by name and labels. */
  series(): string[] {
    return this.samples.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`);
  }
}

function parseLine(line: string): Sample {
  const [, name = '', labelText = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === '') throw new Error(`Not a sample: ${line}`);
  const labels = [...labelText.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', text = '']) => [
    label,
    text,
  ]);
  return { name, labels: Object.fromEntries(labels), value: Number(value) };
}

/** Reads the metrics of a gateway. @param url as its log contains it. */
export async function scrape(url: string, token?: string): Promise<Scrape> {
  const response = await fetch(url, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
  if (response.status !== 200) throw new Error(`The scrape has the status ${response.status}.`);
  return new Scrape(await response.text());
}

/** The URL that the log of a gateway contains. */
export const metricsUrlIn = (output: string): string | undefined =>
  /metrics are served at (http:[^"\s]+)/.exec(output)?.[1];
