import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Authenticate } from '../auth/authenticate.ts';
import { UnauthenticatedError, type Viewer } from '../auth/viewer.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before the body is read; undefined where nobody was let in. */
    viewer?: Viewer;
  }
}

/** Lets nobody through a door without credentials, before their body is read. */
export function requireViewer(app: FastifyInstance, authenticate: Authenticate): void {
  if (!app.hasRequestDecorator('viewer')) app.decorateRequest('viewer');
  app.addHook('onRequest', async (request) => {
    request.viewer = await authenticate(request.headers.authorization);
  });
}

/** Who sent a request that `requireViewer` has let through. @throws {UnauthenticatedError} */
export function viewerOf({ viewer }: FastifyRequest): Viewer {
  if (!viewer) throw new UnauthenticatedError();
  return viewer;
}
