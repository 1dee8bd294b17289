import { LRUCache } from 'lru-cache';
import type { Connection, FieldDef, Submittable } from 'pg';
import { shardTextOf } from './routed-statement.ts';
import type { Session } from './session.ts';

/** A statement as the node of its shard runs it. */
export interface RoutedStatement {
  /** The columns of its rows; undefined if it returns none. */
  fields: readonly FieldDef[] | undefined;
  /** The text for the shard. */
  text: string;
}

/** Maximum number of characters of the texts whose descriptions are kept: filters have an unlimited number of texts. */
const MAX_TEXT_SIZE = 4_000_000;

/** The statements of a database, which PostgreSQL describes when they are run for the first time. */
export class RoutedStatements {
  readonly #byText = new LRUCache<string, RoutedStatement>({
    maxSize: MAX_TEXT_SIZE,
    sizeCalculation: (routed, text) => text.length + routed.text.length,
  });
  readonly #typeNames = new Map<number, string>();

  async find(text: string, session: Session): Promise<RoutedStatement> {
    return this.#byText.get(text) ?? (await this.#describe(text, session));
  }

  async #describe(text: string, session: Session): Promise<RoutedStatement> {
    const { fields, parameterTypes } = await describeStatement(text, session);
    const unknown = parameterTypes.filter((oid) => !this.#typeNames.has(oid));
    if (unknown.length > 0) {
      const { rows } = await session.send<{ oid: number; name: string }>({
        text: '/* nameTypes */ SELECT oid::int8::int, format_type(oid, NULL) AS name FROM unnest($1::oid[]) AS oid',
        values: [unknown],
      });
      for (const { oid, name } of rows) this.#typeNames.set(oid, name);
    }
    const names = parameterTypes.map((oid) => this.#typeNames.get(oid) ?? 'text');
    const routed = { fields, text: shardTextOf(text, names) };
    this.#byText.set(text, routed);
    return routed;
  }
}

/** The types of the parameters and the columns of a statement. */
interface Description {
  fields: readonly FieldDef[] | undefined;
  parameterTypes: readonly number[];
}

function describeStatement(text: string, session: Session): Promise<Description> {
  return new Promise((resolve, reject) => session.submit(new DescribeQuery(text, resolve, reject)));
}

/** Asks PostgreSQL for the description of a statement, without running it. */
class DescribeQuery implements Submittable {
  readonly #text: string;
  readonly #resolve: (description: Description) => void;
  readonly #reject: (error: unknown) => void;
  #connection: Connection | undefined;
  #fields: readonly FieldDef[] | undefined;
  #parameterTypes: readonly number[] = [];

  constructor(text: string, resolve: (description: Description) => void, reject: (error: unknown) => void) {
    this.#text = text;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  submit(connection: Connection): null {
    this.#connection = connection;
    connection.once('parameterDescription', this.#handleParameters);
    connection.parse({ text: this.#text });
    connection.describe({ type: 'S', name: '' });
    connection.sync();
    return null;
  }

  /** The driver passes on all messages but this one. */
  readonly #handleParameters = ({ dataTypeIDs }: { dataTypeIDs: number[] }) => {
    this.#parameterTypes = dataTypeIDs;
  };

  handleRowDescription({ fields }: { fields: FieldDef[] }): void {
    this.#fields = fields;
  }

  handleReadyForQuery(): void {
    this.#resolve({ fields: this.#fields, parameterTypes: this.#parameterTypes });
  }

  handleError(error: unknown): void {
    // A statement that cannot be parsed has no parameters.
    this.#connection?.off('parameterDescription', this.#handleParameters);
    this.#reject(error);
  }
}
