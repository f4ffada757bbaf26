/** The tables of a store, quoted and with their schema, ready for SQL. */
export interface Names {
  readonly schema: string
  readonly grants: string
  readonly leases: string
  readonly migrations: string
  /** Names of indexes, without the schema: they live in that of their table. */
  readonly grantsByKey: string
  readonly leasesByExpiry: string
}

/** PostgreSQL cuts names after 63 bytes, and indexes append to the name of the table. */
const LONGEST_NAME = 40

/**
 * Builds the names of everything a store has in the database.
 *
 * @throws {TypeError} when a name is not plain
 */
export function createNames(schema: string, table: string): Names {
  assertName('schema', schema)
  assertName('table', table)
  const inSchema = (name: string): string => `"${schema}"."${name}"`
  return {
    schema,
    grants: inSchema(table),
    leases: inSchema(`${table}_leases`),
    migrations: inSchema(`${table}_migrations`),
    grantsByKey: `"${table}_by_key"`,
    leasesByExpiry: `"${table}_leases_by_expiry"`,
  }
}

function assertName(option: string, name: string): void {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && name.length <= LONGEST_NAME) return
  throw new TypeError(
    `${option} must be a name of letters, digits and underscores, at most ${LONGEST_NAME} of them`,
  )
}
