import { z } from 'zod';

/** First message from the primary to a worker: the port and the database to serve. */
export const Assignment = z.object({
  port: z.number(),
  source: z.object({
    connection: z.object({
      connectionString: z.string().optional(),
      host: z.string().optional(),
      port: z.number().optional(),
      user: z.string().optional(),
      database: z.string().optional(),
      ssl: z.literal(false).optional(),
    }),
    demoKey: z.object({ publicKey: z.string(), secret: z.string() }).optional(),
  }),
});

export type Assignment = z.output<typeof Assignment>;

/** Message from a worker to the primary after the worker has started to listen. */
export const Listening = z.object({ address: z.string() });

export type Listening = z.output<typeof Listening>;
