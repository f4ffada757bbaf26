/** Opens the store that a test shares between processes. */
export async function openStore({ kind, ...store }) {
  switch (kind) {
    case 'file': {
      const { FileTokenStore } = await import('@procore-auth/core/node')
      return new FileTokenStore(store)
    }
    case 'sqlite': {
      const { SqliteTokenStore } = await import('@procore-auth/store-sqlite')
      const { default: Database } = await import('libsql')
      return new SqliteTokenStore(new Database(store.file))
    }
    case 'redis': {
      const { RedisTokenStore } = await import('@procore-auth/store-redis')
      const { Redis } = await import('ioredis')
      return new RedisTokenStore(quiet(new Redis(store.url)), store)
    }
    case 'postgres': {
      const { PostgresTokenStore } = await import('@procore-auth/store-postgres')
      const { default: pg } = await import('pg')
      const pool = new pg.Pool({ connectionString: store.url, max: 2 })
      return new PostgresTokenStore(quiet(pool), store)
    }
  }
}

/** A connection that is lost is told by the call that needs it. */
function quiet(connection) {
  connection.on('error', () => {})
  return connection
}
