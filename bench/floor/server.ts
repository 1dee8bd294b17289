import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Pool } from 'pg';
import { statements, type Variables } from './statements.ts';

// The baseline: the least work per request that PostgreSQL and Node allow. One hand-written prepared statement per operation,
// whose rows are concatenated to JSON as PostgreSQL sends them. No GraphQL, authentication, checks or log.

const { DATABASE_URL, POOL_SIZE, PORT, WORKSPACE_ID } = process.env;

const pool = new Pool({ connectionString: DATABASE_URL, max: Number(POOL_SIZE), options: '-c TimeZone=UTC' });

/** Texts as PostgreSQL sends them. */
const types = { getTypeParser: () => (text: string) => text };

interface Operation {
  operationName: string;
  variables: Variables;
}

async function execute(text: string): Promise<string> {
  const { operationName, variables }: Operation = JSON.parse(text);
  // Reads nothing.
  if (operationName === 'Typename') return '{"data":{"__typename":"Query"}}';
  const statement = statements[operationName];
  if (!statement) throw new Error(`Unknown operation: ${operationName}.`);
  const values = [WORKSPACE_ID, ...statement.values(variables)];
  const { rows } = await pool.query<(string | null)[]>({
    name: operationName,
    text: statement.text,
    values,
    rowMode: 'array',
    types,
  });
  return `{"data":${statement.toData(rows)}}`;
}

function serve(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const send = (status: number, body: string) => {
      response.writeHead(status, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      });
      response.end(body);
    };
    execute(Buffer.concat(chunks).toString()).then(
      (body) => send(200, body),
      (error: unknown) => send(500, JSON.stringify({ errors: [{ message: String(error) }] })),
    );
  });
}

createServer(serve).listen(Number(PORT), '127.0.0.1');
