import type { FastifyInstance, FastifyRequest } from 'fastify';
import { UnauthenticatedError, type Viewer } from '../auth/viewer.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before the body is read; undefined where nobody was let in. */
    viewer?: Viewer;
  }
}

/**
 * Tells who sent a request.
 * @throws {UnauthenticatedError}
 * @throws {RateLimitedError} when the address has shown too many wrong credentials, or the key asks too much at once.
 */
export type Admit = (request: FastifyRequest) => Promise<Viewer>;

/** Lets nobody through a door without credentials, before their body is read. */
export function requireViewer(app: FastifyInstance, admit: Admit): void {
  if (!app.hasRequestDecorator('viewer')) app.decorateRequest('viewer');
  app.addHook('onRequest', async (request) => {
    request.viewer = await admit(request);
  });
}

/** Who sent a request that `requireViewer` has let through. @throws {UnauthenticatedError} */
export function viewerOf({ viewer }: FastifyRequest): Viewer {
  if (!viewer) throw new UnauthenticatedError();
  return viewer;
}
