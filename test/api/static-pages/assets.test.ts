import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { startGraphiQL } from '../../kit/graphiql.ts';

async function filesOf({ get }: Awaited<ReturnType<typeof startGraphiQL>>): Promise<string[]> {
  const { body } = await get('/graphql');
  return [...body.matchAll(/(?:src|href)="(\/[^"]+)"/g)].flatMap(([, path]) => path ?? []);
}

describe("GraphiQL's files", () => {
  it('are served locally, with their charset, and cached for a year', async () => {
    await using gateway = await startGraphiQL({ graphiql: {} });
    const files = await filesOf(gateway);
    expect(files).toHaveLength(4);
    for (const file of files) {
      const { statusCode, headers } = await gateway.get(file);
      expect(statusCode).toBe(200);
      expect(headers['content-type']).toMatch(/^text\/(javascript|css); charset=utf-8$/);
      expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
  });

  it("include the modules that the page's script imports", async () => {
    await using gateway = await startGraphiQL({ graphiql: {} });
    const script = (await filesOf(gateway)).find((path) => path.endsWith('/page.js')) ?? '';
    const imported = async (path: string): Promise<string[]> => {
      const { statusCode, headers, body } = await gateway.get(path);
      expect([path, statusCode, headers['content-type']]).toEqual([path, 200, 'text/javascript; charset=utf-8']);
      const paths = [...body.matchAll(/from '(\..+)'/g)].map(
        ([, file = '']) => new URL(file, `http://gateway${path}`).pathname,
      );
      return [...paths, ...(await Promise.all(paths.map(imported))).flat()];
    };
    expect(new Set(await imported(script)).size).toBe(5);
  });

  it.each(['editor', 'graphql', 'json'])("include the editor's %s worker", async (name) => {
    await using gateway = await startGraphiQL({ graphiql: {} });
    const [file = ''] = await filesOf(gateway);
    const worker = await gateway.get(new URL(`${name}.worker.js`, `http://gateway${file}`).pathname);
    expect(worker.headers['content-type']).toBe('text/javascript; charset=utf-8');
  });

  it('are compressed to a third or less for clients that accept it, and uncompressed for others', async () => {
    await using gateway = await startGraphiQL({ graphiql: {} });
    const file = (await filesOf(gateway)).find((path) => path.endsWith('/graphiql.js')) ?? '';
    const compressed = await gateway.get(file, { 'accept-encoding': 'gzip, deflate, br' });
    const plain = await gateway.get(file, { 'accept-encoding': 'identity' });
    expect([compressed.headers['content-encoding'], plain.headers['content-encoding']]).toEqual(['gzip', undefined]);
    expect(compressed.headers.vary).toBe('accept-encoding');
    expect(compressed.rawPayload.length * 3).toBeLessThan(plain.rawPayload.length);
    expect(gunzipSync(compressed.rawPayload).equals(plain.rawPayload)).toBe(true);
  });

  it('do not exist if GraphiQL is disabled', async () => {
    await using on = await startGraphiQL({ graphiql: {} });
    await using off = await startGraphiQL({ graphiql: false });
    const [file = ''] = await filesOf(on);
    expect((await off.get(file)).statusCode).toBe(404);
  });
});
