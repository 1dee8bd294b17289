import type { FastifyInstance, HTTPMethods } from 'fastify';

const ALL: HTTPMethods[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Calls of the platform's clients that usergraph does not serve, by path. A path of an operation lists its other methods only. */
const unservedCalls: readonly [path: string, methods: HTTPMethods[]][] = [
  ['/users/merge', ['POST']],
  ['/users/:uid/accounts', ['POST', 'GET']],
  ['/users/:uid/accounts/:aid', ['PUT', 'DELETE']],
  ['/users/:uid/convert', ['POST']],
  ['/users/:uid/members', ['GET']],
  ['/users/:uid/lists', ['POST', 'DELETE']],
  ['/users/:uid/archive', ['POST']],
  ['/users/:uid/attributes/:attribute', ['DELETE']],
  ['/data/attributes', ['GET']],
  ['/lists', ['GET', 'POST']],
  ['/lists/:id', ['GET', 'PUT', 'DELETE']],
  ['/lists/:id/subscribers', ['GET', 'POST']],
  ['/lists/:id/subscribers/:uid', ['PUT', 'DELETE']],
  ['/batch', ['POST']],
  ['/account', ALL],
  ['/send/*', ALL],
  ['/messages/*', ALL],
  ['/campaigns/*', ALL],
];

/** Where the served operations are documented. */
const DOCUMENTATION = '/v1/docs';

/**
 * Answers the platform's other calls with a 404 that says that they are not served, so that their callers do not look for a
 * user, a list or a path that is missing. Like any path without an operation, they need no credentials.
 */
export async function unservedRoutes(app: FastifyInstance): Promise<void> {
  for (const [url, method] of unservedCalls) {
    app.route({
      url,
      method,
      handler: async (request, reply) =>
        reply
          .code(404)
          .header('link', `<${DOCUMENTATION}>; rel="help"`)
          .send({
            error: `usergraph does not serve ${request.method} ${url}. The operations that it serves are documented at ${DOCUMENTATION}.`,
            code: 'NOT_FOUND',
            documentation: DOCUMENTATION,
          }),
    });
  }
}
