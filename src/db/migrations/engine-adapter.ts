import { PrismaPg } from '@prisma/adapter-pg';
import { DriverAdapterError } from '@prisma/driver-adapter-utils';
import pg from 'pg';

/** The table of migrations, which the engine makes by a script, too. */
const HISTORY = '_prisma_migrations';

/**
 * Marks the running migration as finished in its own transaction. The engine does so afterwards, and would take one that
 * was committed while its process died for a failed one.
 */
const FINISH = `UPDATE ${HISTORY} SET finished_at = now(), applied_steps_count = 1
  WHERE finished_at IS NULL AND rolled_back_at IS NULL AND logs IS NULL`;

/**
 * PrismaPg, but for scripts: it cuts them at every `;`, also inside function bodies and strings, and
 * commits piece by piece. Sent whole, PostgreSQL reads a script itself and runs it as one transaction.
 */
export class MigrationAdapterFactory extends PrismaPg {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    super(pool);
    this.#pool = pool;
  }

  override async connect() {
    const adapter = await super.connect();
    adapter.executeScript = async (script) => {
      try {
        await this.#pool.query(script.includes(HISTORY) ? script : `${script}\n;${FINISH}`);
      } catch (error) {
        throw error instanceof pg.DatabaseError ? toAdapterError(error) : error;
      }
    };
    return adapter;
  }
}

function toAdapterError({ code = '', severity = 'ERROR', message, detail, column, hint }: pg.DatabaseError) {
  return new DriverAdapterError({ kind: 'postgres', code, severity, message, detail, column, hint });
}
