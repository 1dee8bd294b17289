import { z } from 'zod';

/** What the primary tells a worker, first of all: what to serve, and where. */
export const Assignment = z.object({
  port: z.number(),
  store: z.object({
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

/** What a worker tells the primary, once it listens there. */
export const Listening = z.object({ address: z.string() });

export type Listening = z.output<typeof Listening>;
