import { z } from 'zod';
import type { Connection } from '../../db/client.ts';
import type { Servers } from '../../db/session.ts';

/** First message from the primary to a worker: the port and the database to serve. */
export const Assignment = z.object({
  port: z.number(),
  source: z.object({
    // Does not compile if a part is missing, which would not reach the workers.
    connection: z.object({
      connectionString: z.string().optional(),
      servers: z
        .object({
          urls: z.array(z.string()),
          systemId: z.string(),
          database: z.string(),
          timeline: z.number(),
        } satisfies Record<keyof Servers, z.ZodType>)
        .optional(),
      host: z.string().optional(),
      port: z.number().optional(),
      user: z.string().optional(),
      database: z.string().optional(),
      ssl: z.literal(false).optional(),
      isDistributed: z.boolean().optional(),
      timeoutsAtPooler: z.boolean().optional(),
    } satisfies Record<keyof Connection, z.ZodType>),
    demoKey: z.object({ publicKey: z.string(), secret: z.string() }).optional(),
  }),
});

export type Assignment = z.output<typeof Assignment>;

/** Message from a worker to the primary after the worker has started to listen. */
export const Listening = z.object({ address: z.string() });

export type Listening = z.output<typeof Listening>;

/** Message from the primary to a worker that asks for its metrics. One worker reads those of the database for all. */
export const MetricsRequest = z.object({ metricsRequest: z.number(), readsDatabase: z.boolean() });

export type MetricsRequest = z.output<typeof MetricsRequest>;

/** The answer of the worker, as `prom-client` writes metrics as JSON. */
export const MetricsResponse = MetricsRequest.extend({ metrics: z.array(z.looseObject({ type: z.string() })) });

export type MetricsResponse = z.output<typeof MetricsResponse>;
