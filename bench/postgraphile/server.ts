import { createServer } from 'node:http';
import { Pool } from 'pg';
import { postgraphile } from 'postgraphile';
import { makePgService } from 'postgraphile/adaptors/pg';
import { grafserv } from 'postgraphile/grafserv/node';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';
import { jsonPgSmartTags } from 'postgraphile/utils';
import { PostGraphileConnectionFilterPreset } from 'postgraphile-plugin-connection-filter';

// PostGraphile as a library, set up as its documentation describes. The environment selects production mode, and
// filters by its plugin.

const { DATABASE_URL, POOL_SIZE, PORT, FILTERS, FILTER_MS } = process.env;

const pool = new Pool({
  connectionString: DATABASE_URL,
  max: Number(POOL_SIZE),
  ...(FILTER_MS ? { statement_timeout: Number(FILTER_MS) } : {}),
});

/**
 * PostGraphile derives lookups from unique constraints and relations from foreign keys. Prisma creates `@@unique` as a unique
 * index, and events have no foreign key to users, so smart tags declare both.
 */
const smartTags = jsonPgSmartTags({
  version: 1,
  config: {
    // PostGraphile does not offer JSON as a condition by itself.
    attribute: { 'public.users.meta': { tags: { behavior: ['+attribute:filterBy'] } } },
    class: {
      'public.users': { tags: { unique: 'workspace_id,uid' } },
      'public.events': { tags: { foreignKey: '(workspace_id, user_id) references public.users (workspace_id, id)' } },
    },
  },
});

const preset: GraphileConfig.Preset = {
  extends: FILTERS ? [PostGraphileAmberPreset, PostGraphileConnectionFilterPreset] : [PostGraphileAmberPreset],
  // PostGraphile offers only columns with an index of their own, and so neither names nor meta.
  disablePlugins: FILTERS ? ['PgIndexBehaviorsPlugin'] : [],
  plugins: [smartTags],
  pgServices: [makePgService({ pool, schemas: ['public'] })],
  schema: FILTERS ? { connectionFilterRelations: true } : {},
  grafserv: { port: Number(PORT), watch: false, graphiql: false },
  grafast: { explain: false },
};

const server = createServer();
const service = postgraphile(preset).createServ(grafserv);
await service.addTo(server);
server.listen(Number(PORT), '127.0.0.1');
