import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify';
import { isArriving, onWorkEnd, workMs } from '../lifecycle/timing.ts';
import type { Admitted, Claim, LoadShedding } from './load-shedding.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set once load shedding has admitted the request. */
    admitted?: Admitted;
  }
  interface FastifyContextConfig {
    /** Points that a request to an API costs; undefined for routes without authentication. */
    points?: number;
    /** Exempt from load shedding: health checks. */
    essential?: boolean;
  }
}

/** Bytes of a body that take as long to decode, parse and validate as a whole request that reads one row: 25 ms per megabyte. */
const BODY_BYTES_PER_READ = 10_000;

/** Requests without authentication, such as those for pages, count as one workspace with a key for each address. */
const ANONYMOUS = 'anonymous';

/**
 * Rejects requests immediately while the process is at its limit. A request does not count while its body arrives: slow senders
 * could otherwise exhaust the limit. Routes with `points` are admitted after their authentication (`requireViewer`).
 */
export function addLoadShedding(app: FastifyInstance, load: LoadShedding): void {
  app.decorateRequest('admitted');
  app.addHook('onClose', async () => load.stop());
  app.addHook('onRequest', (request, _reply, done) => {
    if (isAdmittedElsewhere(request.routeOptions.config)) return done();
    admitRequest(load, request, { workspaceId: ANONYMOUS, key: request.ip }).then(() => done(), done);
  });
  app.addHook('preParsing', ({ admitted }, _reply, payload, done) => {
    admitted?.pause();
    done(null, payload);
  });
  app.addHook('preValidation', ({ admitted, headers, body, routeOptions }, _reply, done) => {
    admitted?.resume();
    if (routeOptions.config.isUpload) return done();
    const bytes = Number(headers['content-length'] ?? (typeof body === 'string' ? body.length : 0));
    if (!admitted || bytes <= BODY_BYTES_PER_READ) return done();
    admitted.addWork(bytes / BODY_BYTES_PER_READ);
    admitted.awaitTurn(done);
  });
}

const isAdmittedElsewhere = ({ points, essential }: FastifyContextConfig) => points !== undefined || essential;

/** Waits until load shedding admits a request. @throws {OverloadedError} */
export function admitRequest(load: LoadShedding, request: FastifyRequest, claim: Claim): Promise<void> {
  return new Promise((resolve, reject) => {
    load.admit(claim, (error, admitted) => {
      if (!admitted) return reject(error);
      request.admitted = admitted;
      onWorkEnd(request, () => {
        const { timing } = request;
        admitted.end(timing && !isArriving(timing) ? workMs(timing) : undefined);
      });
      resolve();
    });
  });
}
