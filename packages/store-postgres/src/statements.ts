import type { Names } from './names.js'

/** How many characters of a key are in the index: 4 bytes each fit into PostgreSQL's 2,704. */
const HEAD = 500
/** How many keys one statement of a list brings. */
export const PAGE_SIZE = 500
/** How many leases of holders that died one statement removes. */
const SWEEP_SIZE = 100

/** What each method of the store sends: one statement, complete in itself. */
export interface Statements {
  readonly get: string
  readonly insert: string
  readonly replace: string
  readonly delete: string
  readonly acquire: string
  readonly release: string
  readonly sweep: string
  readonly list: string
}

/** Writes the statements. The names in them were checked and quoted. */
export function createStatements({ grants, leases }: Names): Statements {
  const expiry = `clock_timestamp() + $3::double precision * interval '1 millisecond'`
  return {
    get: `SELECT generation, value FROM ${grants} WHERE id = $1`,
    insert: `INSERT INTO ${grants} (id, key, generation, value) VALUES ($1, $2, $3, $4)
      ON CONFLICT (id) DO NOTHING RETURNING id`,
    replace: `UPDATE ${grants} SET generation = $2, value = $3
      WHERE id = $1 AND generation = $4 RETURNING id`,
    delete: `DELETE FROM ${grants} WHERE id = $1 AND generation = $2 RETURNING id`,
    acquire: `INSERT INTO ${leases} AS held (id, owner, expires_at) VALUES ($1, $2, ${expiry})
      ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, expires_at = ${expiry}
      WHERE held.owner = excluded.owner OR held.expires_at <= clock_timestamp()
      RETURNING id`,
    release: `DELETE FROM ${leases} WHERE id = $1 AND owner = $2`,
    // Rows that someone is working on are skipped: nobody waits for a sweep, and it for nobody.
    sweep: `DELETE FROM ${leases} WHERE id = ANY (ARRAY (
      SELECT id FROM ${leases} WHERE expires_at <= clock_timestamp()
      ORDER BY expires_at LIMIT ${SWEEP_SIZE} FOR UPDATE SKIP LOCKED))`,
    // In the order of the index, from the prefix on; the reader stops at the first row outside it.
    list: `SELECT id, key, starts_with(left(key, ${HEAD}), left($1, ${HEAD})) AS inside
      FROM ${grants} WHERE (left(key, ${HEAD}), id) > (left($2, ${HEAD}) COLLATE "C", $3)
      ORDER BY left(key, ${HEAD}), id LIMIT ${PAGE_SIZE}`,
  }
}

/**
 * What was done to the tables so far, oldest first; never change one that was published, append. An
 * older release of this package has to work on with the newest tables, for deployments overlap.
 */
const MIGRATIONS: readonly ((names: Names) => string)[] = [
  // A key may be longer than an index takes, so the primary key is its SHA-256.
  ({ grants, leases, grantsByKey, leasesByExpiry }) => `
    CREATE TABLE ${grants} (
      id text COLLATE "C" PRIMARY KEY,
      key text COLLATE "C" NOT NULL,
      generation text COLLATE "C" NOT NULL,
      value text NOT NULL
    );
    CREATE INDEX ${grantsByKey} ON ${grants} ((left(key, ${HEAD})), id);
    CREATE TABLE ${leases} (
      id text COLLATE "C" PRIMARY KEY,
      owner text COLLATE "C" NOT NULL,
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX ${leasesByExpiry} ON ${leases} (expires_at);`,
]

/** What asks for the table of migrations, and then for the last one that was made. */
export function createVersionQueries({ migrations }: Names): {
  readonly isThere: string
  readonly version: string
} {
  return {
    isThere: `SELECT to_regclass('${migrations}') IS NOT NULL AS there`,
    version: `SELECT max(version) >= ${MIGRATIONS.length} AS there FROM ${migrations}`,
  }
}

/**
 * Writes the one statement that brings the tables to the newest version: all or nothing, and one
 * process after the other, by a lock that ends with the statement.
 */
export function createMigration(names: Names): string {
  const { schema, migrations } = names
  const steps = MIGRATIONS.map(
    (step, index) => `
  IF NOT EXISTS (SELECT FROM ${migrations} WHERE version = ${index + 1}) THEN ${step(names)}
    INSERT INTO ${migrations} (version) VALUES (${index + 1});
  END IF;`,
  )
  return `DO $procore_auth$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('procore-auth migrations', 0));
  IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = '${schema}') THEN
    CREATE SCHEMA "${schema}";
  END IF;
  IF to_regclass('${migrations}') IS NULL THEN
    CREATE TABLE ${migrations} (
      version integer PRIMARY KEY,
      made_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
  END IF;${steps.join('')}
END $procore_auth$`
}
